"""Memory for the pieces of a transfer, taken once and never copied."""

from io import BytesIO


def buffer_of(size: int) -> BytesIO:
    """Return a buffer to be written from its start that has its final size already.

    One that grows is moved as it grows, which doubles the memory a transfer takes. `getvalue`
    hands the memory itself over, as long as nothing is written afterwards.
    """
    buffer = BytesIO()
    if size:
        buffer.seek(size - 1)
        buffer.write(b"\0")
        buffer.seek(0)
    return buffer
