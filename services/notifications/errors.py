"""What the notifications service refuses."""

from careconnect.errors import Refusal


class MessageNotFound(Refusal):
    """There is no such message in this tenant."""

    code, status, title = "message_not_found", 404, "There is no such message"


class MailNotFound(Refusal):
    """The local mailbox holds no such mail of this tenant."""

    code, status, title = "mail_not_found", 404, "The mailbox has no such mail"


class NoMailbox(Refusal):
    """There is no local mailbox to open: the installation sends through a mail server of its own."""

    code, status, title = "no_mailbox", 404, "This installation has no local mailbox"


class OptedOut(Refusal):
    """The patient does not want messages on this channel."""

    code, status, title = "opted_out", 409, "The patient does not want messages this way"


class Superseded(Refusal):
    """The appointment was moved or cancelled since the message was written."""

    code, status, title = "message_superseded", 409, "The appointment has changed since this message was written"


class NoAddress(Refusal):
    """There is no address to send to on this channel."""

    code, status, title = "no_address", 409, "There is no address to send this message to"
