"""How an owner's files become a data set on disk: metadata, conforming, copying. Owner's side only; no analyst, no plan."""
