from . import display as display
