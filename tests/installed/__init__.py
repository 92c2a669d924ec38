"""What users get: the wheel, made from the sdist, in environments of their own, away from this tree."""
