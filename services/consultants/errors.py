"""What the consultants service refuses, and why."""

from careconnect.errors import Conflict, InvalidInput, NotFound


class ConsultantNotFound(NotFound):
    """There is no such consultant here."""

    code, title = "consultant_not_found", "There is no such consultant"


class ConsultantExists(Conflict):
    """The id belongs to a consultant with other details."""

    code, title = "consultant_exists", "This id belongs to another consultant already"


class RegistrationNumberTaken(Conflict):
    """Two consultants cannot be registered under one number."""

    code, title = "registration_number_taken", "Another consultant has this registration number"


class ConsultantArchived(Conflict):
    """An archived consultant is not changed; restore first."""

    code, title = "consultant_archived", "This consultant is archived; restore the record first"


class ConsultantUnavailable(Conflict):
    """The consultant is on leave, inactive or archived and takes no bookings."""

    code, title = "consultant_unavailable", "This consultant takes no bookings at present"


class HoursOverlap(Conflict):
    """The consultant would be at work twice at the same time."""

    code, status, title = "hours_overlap", 422, "These hours overlap others of the same consultant"


class ExceptionNotFound(NotFound):
    """There is no such schedule exception."""

    code, title = "schedule_exception_not_found", "There is no such exception in this schedule"


class ZoneUnknown(InvalidInput):
    """Extra hours at a location where nobody has weekly hours do not say in which zone they are."""

    code, title = "zone_unknown", "Say in which time zone this location is"


class VisitTypeNotFound(NotFound):
    """There is no such visit type here."""

    code, title = "visit_type_not_found", "There is no such visit type"


class VisitTypeExists(Conflict):
    """The id belongs to a visit type with other details."""

    code, title = "visit_type_exists", "This id belongs to another visit type already"


class NotOffered(Conflict):
    """The visit type is no longer offered, or not by this consultant."""

    code, title = "not_offered", "This consultant does not offer this visit type"


class NoSuitableRoom(Conflict):
    """The visit type needs a room of a kind that the location does not have."""

    code, title = "no_suitable_room", "This location has no room for this visit"


class RoomNotFound(NotFound):
    """There is no such room here."""

    code, title = "room_not_found", "There is no such room"


class RoomExists(Conflict):
    """The id belongs to a room with other details."""

    code, title = "room_exists", "This id belongs to another room already"


class OutsideHours(InvalidInput):
    """The visit does not lie inside the consultant's hours."""

    code, title = "outside_hours", "This time is outside the consultant's hours"


class LocationNeeded(InvalidInput):
    """A visit outside of all hours has to say where it takes place."""

    code, title = "location_needed", "Say at which location the visit takes place"


class TooSoon(InvalidInput):
    """The visit begins before its notice has run."""

    code, title = "too_soon", "This visit cannot be booked at such short notice"


class BeyondHorizon(InvalidInput):
    """The visit begins later than bookings are taken for."""

    code, title = "beyond_horizon", "Bookings are not taken that far ahead yet"


class PriceNotFound(NotFound):
    """There is no such row in the price lists."""

    code, title = "price_not_found", "There is no such price"


class PricesOverlap(Conflict):
    """Two prices of equal rank would hold for the same visit."""

    code, title = "prices_overlap", "Another price holds for the same visits on some of these days"


class PriceCurrency(InvalidInput):
    """A price in another currency than the visit type's; `expected` names that."""

    code, title = "price_currency", "This visit type is priced in another currency"


class PricedInCurrency(Conflict):
    """The price lists have rows of a visit type in its present currency; another one would change their worth."""

    code = "priced_in_currency"
    title = "Prices of this visit type are listed in its currency; remove them first, or make another visit type"


class PriceExists(Conflict):
    """The id belongs to a price with other details."""

    code, title = "price_exists", "This id belongs to another price already"
