"""A receipt or a payment link on its way to a patient, tried again for as long as it makes sense."""

from temporalio import workflow
from temporalio.exceptions import is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.receipts.mailing import InvoiceMails
    from workflows import policies
    from workflows.contracts import InvoiceMailRequest, MessageResult
    from workflows.undo import ours


@workflow.defn(name="InvoiceMail")
class InvoiceMail:
    """One mail. Its id is `invoice-mail-{message uuid}`; a repeat of the request finds it, and sends nothing twice."""

    @workflow.run
    async def run(self, request: InvoiceMailRequest) -> MessageResult:
        """Send it; what could not be sent stands under Messages with the reason."""
        try:
            found: MessageResult = await workflow.execute_activity_method(
                InvoiceMails.send, request, summary="payment link" if request.link_id else "receipt", **policies.MESSAGE
            )
        except BaseException as error:
            if not ours(error) or is_cancelled_exception(error):
                raise
            workflow.logger.info("mail_not_sent")
            return MessageResult(statuses={"email": "failed"})
        return found
