"""Folders that others put files into: when a file is whole, and where it goes when it was taken."""

# A file that was written to within this time may not be complete yet.
SETTLED_SECONDS = 5


def place_for(path, folder):
    """Where the file may be moved in this folder, which is made: nothing that lies there is overwritten."""
    folder.mkdir(mode=0o700, exist_ok=True)
    target, number = folder / path.name, 1
    while target.exists():
        number += 1
        target = folder / f"{path.stem}-{number}{path.suffix}"
    return target
