"""What an operator is told of a rollback that was interrupted, whichever engine finishes it."""

FINISHED = (
    "this finished a rollback that was interrupted, and exchanged nothing more; run it again to "
    "exchange the two back"
)
