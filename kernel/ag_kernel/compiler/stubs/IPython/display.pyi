from ag_utils.showing import DisplayHandle as DisplayHandle
from ag_utils.showing import clear_output as clear_output
from ag_utils.showing import display as display
from ag_utils.showing import update_display as update_display
