from ag_utils.progress import tqdm as tqdm
from ag_utils.progress import trange as trange
from . import auto as auto
from . import notebook as notebook
