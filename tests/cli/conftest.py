from cli.installing import installation

__all__ = ["installation"]
