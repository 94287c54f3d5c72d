"""What a failed call to Stripe means: that nothing happened, that nobody knows, or that Stripe refuses.

Source: https://docs.stripe.com/error-low-level
"""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import stripe

from careconnect.errors import IdempotencyConflict
from services.payments.errors import GatewayKeysRefused, GatewayUnavailable, GatewayUnknown

_BEFORE_SENDING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@contextmanager
def translated() -> Iterator[None]:
    """Translate faults; refusals that depend on the call (a declined card, a wrong parameter) go on as they are.

    Raises:
        GatewayUnavailable: nothing happened.
        GatewayUnknown: the request may have been carried out.
        GatewayKeysRefused: Stripe does not accept the key.
        IdempotencyConflict: Stripe knows the key from another request.
    """
    try:
        yield
    except stripe.APIConnectionError as error:
        if isinstance(error.__cause__, _BEFORE_SENDING):
            raise GatewayUnavailable from error
        raise GatewayUnknown from error
    except stripe.RateLimitError as error:
        raise GatewayUnavailable(retry_after=5) from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        raise GatewayKeysRefused from error
    except stripe.IdempotencyError as error:
        raise IdempotencyConflict from error
    except (stripe.CardError, stripe.InvalidRequestError) as error:
        if error.http_status == httpx.codes.CONFLICT:
            raise GatewayUnknown from error  # the same request is being served at this moment
        raise
    except stripe.StripeError as error:
        raise GatewayUnknown from error
