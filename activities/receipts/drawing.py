"""A receipt as a PDF: one A4 page or more, in fonts that have Latin, Greek, Cyrillic, Devanagari, Sinhala and Tamil."""

import logging
import unicodedata
from datetime import datetime
from pathlib import Path

from babel import Locale
from babel.dates import format_date, format_datetime
from fpdf import FPDF, FontFace, XPos, YPos

from activities.receipts.composing import Receipt
from careconnect.money import Money

_FONTS = Path(__file__).parents[2] / "web" / "static" / "vendor" / "fonts"
_SCRIPTS = ("greek", "cyrillic", "devanagari", "sinhala", "tamil")
_LATIN_1 = 0xFF
_INK, _MUTED, _LINE, _ACCENT = (22, 28, 45), (96, 106, 128), (214, 219, 230), (15, 108, 110)
_WIDE = (92, 20, 34, 34)
_PAID_WIDE = (66, 80, 34)
logging.getLogger("fontTools").setLevel(logging.ERROR)


def draw(receipt: Receipt, locale: Locale) -> bytes:
    """Draw it, with dates and amounts as people of `locale` write them. It takes some tens of milliseconds."""
    page = _Page(receipt, locale)
    page.head()
    page.facts()
    page.lines()
    page.totals()
    page.payments()
    return bytes(page.output())


class _Page(FPDF):
    """Draws from top to bottom."""

    def __init__(self, receipt: Receipt, locale: Locale) -> None:
        super().__init__(format="A4")
        self.receipt = receipt
        self.locale = locale
        self.set_margins(15, 18)
        self.set_auto_page_break(auto=True, margin=20)
        self.set_title(f"{receipt.title} {receipt.number}")
        self.set_creator("Care-Connect")
        self.set_lang(self.locale.language)
        for style, weight in (("", 400), ("B", 700)):
            self.add_font("Noto", style, _FONTS / f"latin-{weight}.woff2")
        self._add_scripts(_scripts(_words(receipt, str(locale))))
        self.add_page()

    def _add_scripts(self, scripts: list[str]) -> None:
        """Add the fonts that go beyond Western European, and the engine that joins and orders the letters of India."""
        for script in scripts:
            self.add_font(script, "", _FONTS / f"{script}-400.woff2")
            if script == "latin-ext":
                self.add_font(script, "B", _FONTS / f"{script}-700.woff2")
        if scripts:
            self.set_fallback_fonts(scripts, exact_match=False)
            self.set_text_shaping(use_shaping_engine=True)

    def head(self) -> None:
        """Say who gives it, and what it is."""
        self._say(self.receipt.organisation, 17, bold=True, colour=_ACCENT)
        if self.receipt.place:
            self._say(self.receipt.place, 9, colour=_MUTED)
        self.ln(9)
        self._say(self.receipt.title, 22, bold=True)
        self.ln(3)

    def facts(self) -> None:
        """Say for whom, when, and under which number."""
        issued = format_date(self.receipt.issued_at, "long", locale=self.locale)
        for label, value in (
            ("Number", self.receipt.number),
            ("Date", issued),
            ("Patient", self.receipt.patient),
        ):
            self._ink(9.5, colour=_MUTED)
            self.cell(28, 6, label)
            self._ink(9.5)
            self.multi_cell(0, 6, value, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(6)

    def lines(self) -> None:
        """List what it is for."""
        self._table(
            ("Description", "Quantity", "Price", "Amount"),
            [
                (line.description, str(line.quantity), self._money(line.unit), self._money(line.total))
                for line in self.receipt.lines
            ],
            _WIDE,
            ("LEFT", "RIGHT", "RIGHT", "RIGHT"),
        )

    def totals(self) -> None:
        """Add up."""
        self.ln(2)
        for row in self.receipt.sums(self.locale):
            self._ink(10, bold=row.strong)
            self.cell(146, 7, f"{row.label} {row.of}".strip(), align="R")
            self.cell(34, 7, self._money(row.amount), align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def payments(self) -> None:
        """List what was paid and what went back, when and how."""
        if not self.receipt.moved:
            return
        self.ln(8)
        self._say("Payments", 11, bold=True)
        self.ln(1)
        rows: list[tuple[str, ...]] = []
        for one in self.receipt.moved:
            how = one.method.replace("_", " ").capitalize()
            how += ", refunded" if one.amount.amount < 0 else ""
            how += f", {self._money(one.credit)} kept as credit" if one.credit else ""
            rows.append((self._moment(one.at), how, self._money(one.amount)))
        self._table(("Date", "Method", "Amount"), rows, _PAID_WIDE, ("LEFT", "LEFT", "RIGHT"))

    def footer(self) -> None:
        """Write the page's number; the library calls this at the end of each."""
        self.set_y(-14)
        self._ink(8, colour=_MUTED)
        self.cell(0, 5, f"{self.receipt.number}   {self.page_no()}/{{nb}}", align="C")

    def _table(
        self, headings: tuple[str, ...], rows: list[tuple[str, ...]], widths: tuple[int, ...], aligned: tuple[str, ...]
    ) -> None:
        self._ink(9.5)
        self.set_draw_color(*_LINE)
        with self.table(
            col_widths=widths,
            text_align=aligned,
            borders_layout="HORIZONTAL_LINES",
            line_height=7,
            width=sum(widths),
            align="LEFT",
            headings_style=FontFace(emphasis="BOLD", color=_MUTED, size_pt=8.5),
        ) as table:
            for texts in (headings, *rows):
                row = table.row()
                for text in texts:
                    row.cell(text)

    def _say(self, text: str, size: float, *, bold: bool = False, colour: tuple[int, int, int] = _INK) -> None:
        self._ink(size, bold=bold, colour=colour)
        self.multi_cell(0, size * 0.5, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _ink(self, size: float, *, bold: bool = False, colour: tuple[int, int, int] = _INK) -> None:
        self.set_font("Noto", "B" if bold else "", size)
        self.set_text_color(*colour)

    def _money(self, amount: Money) -> str:
        return amount.format(str(self.locale))

    def _moment(self, at: datetime) -> str:
        return format_datetime(at.replace(tzinfo=None), "medium", locale=self.locale)


def _words(receipt: Receipt, locale: str) -> str:
    """Give everything on it that may be in other letters than English ones."""
    written = [receipt.organisation, receipt.place or "", receipt.patient, receipt.payer or ""]
    written += [receipt.total.format(locale), *(one.name for one in receipt.taxes)]
    return "".join([*written, *(line.description for line in receipt.lines)])


def _scripts(text: str) -> list[str]:
    """Name the scripts of `text` besides Western European Latin, by what Unicode calls its letters."""
    beyond = {mark for mark in text if ord(mark) > _LATIN_1}
    words = {unicodedata.name(mark, "").partition(" ")[0].lower() for mark in beyond}
    return [*(["latin-ext"] if words - set(_SCRIPTS) else []), *(script for script in _SCRIPTS if script in words)]
