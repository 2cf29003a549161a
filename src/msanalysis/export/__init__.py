"""Files for those who receive the indicators: exact counts, which they hide by rules of their own.

Read from `restricted/delivery/` of a run, where the notebook of the indicators delivered them;
written there too, unless another place is named.
"""


class DeliveryRefused(Exception):
    """The file cannot be delivered; the message says what is wrong and what to do."""
