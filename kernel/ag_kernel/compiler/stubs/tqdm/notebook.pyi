from ag_utils.progress import tqdm as tqdm
from ag_utils.progress import trange as trange
