def is_trusted() -> bool:
    return True
