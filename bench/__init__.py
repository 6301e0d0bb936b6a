"""What running the notebooks through DVC and papermill costs: ``python -m bench``."""
