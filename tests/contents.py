"""What a file says, packed or not."""

import zipfile


def text_of(path):
    """Return a file as text; of a Word document the text of all its parts."""
    if path.suffix != ".docx":
        return path.read_bytes().decode("utf-8", "replace")
    with zipfile.ZipFile(path) as document:
        return "\n".join(
            document.read(name).decode("utf-8", "replace") for name in document.namelist()
        )
