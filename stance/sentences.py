"""Text -> sentences with offsets, by rules and the standard library alone.

One regular expression finds the places where a sentence could end; small functions decide
each place from the word before it and the word after it. All of it is one pass, and every look
around a place is bounded, so time grows linearly with the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stance.errors import InputError
from stance.values import Document, Sentence

LONGEST = 4000  # characters


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Abbreviations, without their last dot. The group says what may follow the dot.

# A name follows: the dot ends a sentence only before a word like "The".
TITLES = _words("""
    Mr Mrs Ms Mx Dr Prof Profs Gen Lt Col Sgt Capt Cpt Cmdr Cdr Adm Maj Brig Cpl Pvt Pfc Sen
    Sens Rep Reps Gov Govs Pres Rev Fr St Ste Hon Amb Insp Supt Det Messrs Mme Mlle Mgr Msgr Mt
    Ft Sr Sra Asst Assoc Atty Lt.Gen Maj.Gen Brig.Gen Lt.Col Lt.Cmdr V.Adm R.Adm Dep
    """)
# The sentence always goes on.
CONTINUERS = _words("v vs e.g i.e eg ie cf viz approx ca resp aka a.k.a incl esp nee née")
# A number follows: "No. 10", "Jan. 6"; before anything else they behave like AMBIGUOUS.
NUMBERED = _words("""
    No Nos no nos Art Arts art Sec sec Ch ch Vol vol Fig fig Figs p pp para paras Par Pt pt est
    c Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Res Op op Ex tel Tel ext
    """)
# May end a sentence or not: only a word that rarely starts a name decides.
AMBIGUOUS = _words("""
    Inc Ltd Corp Co Cos Bros LLC Plc plc Jr Esq Ph.D PhD Ed.D M.Sc B.Sc LL.B LL.M Dist Univ Dept
    dept Ave Blvd Rd Sq Hwy Intl Int'l Natl Nat'l Gov't Govt Min Mon Tue Tues Wed Thu Thur Thurs
    Fri Sat Sun Ala Ariz Ark Calif Colo Conn Del Fla Ga Ill Ind Ky La Md Mass Mich Minn Miss Mo
    Mont Neb Nev Okla Ore Pa Tenn Tex Va Vt Wash Wis Wyo Ont Que Alta Dem Repub Reg al
    """)
# "5 p.m." ends a sentence unless the day or the time zone follows.
TIMES = _words("a.m p.m A.M P.M")
AFTER_TIME = _words("""
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday Mon Tue Tues Wed Thu Thurs Fri Sat
    Sun January February March April May June July August September October November December
    Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec ET EST EDT CT CST CDT MT MST MDT PT PST PDT
    GMT UTC BST CET CEST EET IST JST KST HKT AEST AEDT Eastern Central Mountain Pacific
    """)
# "no", "art", "sat" are words too: before anything but a number these end a sentence.
PLAIN_WORDS = _words("No no nos art Art sec est c ext tel pt p Ch ch fig op vol para")
# Names that carry the mark.
MARKED_NAMES = _words("Yahoo! Jeopardy! Airplane! Oliver! Mamma Mia! Ahoy! Guess?")

# Words that start sentences and hardly ever follow an abbreviation inside one.
STARTERS = _words("""
    The This That These Those There Then Thus Their They Them It Its He His She Her Hers We Our
    You Your I My A An In On At By For From With Without Within Under Over Into During Before
    After Until Since Because Although Though While When Whenever Where Wherever Who Whose What
    Which Why How And But Or Nor So Yet If Unless Once As Also Another Any All Both Each Every
    Either Neither Many Most Much More Some Several Such Few Other Others Still However
    Meanwhile Moreover Instead Now Not Nobody None Nothing One Only Even Ever Perhaps Despite
    Asked Earlier Later Last Besides Here Is Are Was Were Do Does Did Has Have Had Can Could
    Should Would Let's Let Yes Among Between Against About Above Across Amid Along Around Back
    Two Three Four Five Six Ten Officials Analysts Critics Experts Nearly Almost According
    Speaking Following Separately Additionally Furthermore It's He's She's That's There's We're
    They're I'm I've We've They've You're We'll I'll It'll Don't Didn't Isn't
    """)
# Of those, the ones that are surnames too: after a title or an initial they start nothing.
SURNAMES = _words("""
    So An He Do You Her Can Are Was Let Yes One Two More Few Ten My On In Such Many Back Even
    Most Still Now Here
    """)
SPEECH_VERBS = _words("""
    said says say asked asks replied replies wrote writes added adds cried shouted shouts yelled
    tweeted wondered demanded exclaimed joked quipped told tells declared announced posted
    recalled screamed chanted
    """)
# A line that ends in one of these goes on below, however short it is.
DANGLING = _words("""
    a an the of and or to in on at by for from with as that than but nor is are was were be been
    will would could should has have had its his her their our your this these those who which
    into against over under between about after before during while when if because said says
    President Minister Secretary Prime Foreign
    """)

CLOSERS = "\"')\\]}»”’"
OPENERS = "\"'“‘«„([{¿¡*_-–—•"
_NEWLINES = "\n\r\x0b\x0c\x85\u2028\u2029"
_NOTE = r"\ ?\[\d{1,3}\]|\[(?:[a-z]|note \d{1,2}|citation needed)\]|[¹²³⁰⁴-⁹]"
_CLOSE = rf"[{CLOSERS}]|“(?=\s)|\ (?:[”»)\]]|'')(?=\s)|{_NOTE}"

# Quantifiers are possessive and a run of marks is entered only at its first mark: a failed try
# costs no more than the characters it read, so hostile input cannot make the scan quadratic.
_CANDIDATE = re.compile(
    rf"(?<![.!?…؟۔।])(?P<mark>[.!?…؟۔।]++)(?P<close>(?:{_CLOSE})*+)(?P<gap>\s++)"
    rf"|(?P<wide>[。！？]++[」』”’）)\"]*+)\s*+"
    rf"|(?P<newline>[{_NEWLINES}]\s*+)"
)
_AFTER = re.compile(r"[^\s\"“”’»)\]}.,;:!?…—]*")
_INITIALS = re.compile(r"[A-Za-z](?:\.-?[A-Za-z])*\Z|[A-Z][a-z](?:\.[A-Z])+\Z")
_MARKER = re.compile(r"(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,4})(?:\.\d{1,3})*\Z")
_BULLET = re.compile(r"[•‣▪◦●*·]\s|[-–—]\s+[^\W_a-z]|\(?(?:\d{1,2}|[a-z])[.)]\s+\S")
_CAMEL = re.compile(r"[a-z]{1,2}[A-Z]")
_INNER = '"“”‘«»([{—/'  # what may stand before a word without a space
_WORD = 48  # characters looked at on either side of a possible end
_LINE = 400  # characters looked at on either side of a newline
_SHORT_LINE = 45  # hard-wrapped prose (70 columns and more) hardly has shorter lines
_SPARE_ROOM = 8  # hand-wrapped lines are ragged by about a word


def split_sentences(text: str | Document) -> list[Sentence]:
    """The sentences of a text, in order, with their offsets.

    Quotations are split inside (each sentence of a quoted paragraph is one), closing quotes,
    brackets and footnote marks stay with the sentence they close. A blank line always ends a
    sentence; a single newline does so after a sentence end, a heading or a list item, and is
    otherwise taken for the wrapping of a paragraph. What runs on for more than LONGEST characters
    is a table or a dump and is cut at a space.

    Args:
        text: any string, or a document.

    Returns:
        Sentences without surrounding whitespace and without overlap, such that
        `text[s.start:s.end] == s.text` and every other character of the text is whitespace.
        `document_id` is the document's id, or "" for a string.

    Raises:
        InputError: `text` is neither a string nor a document.

    >>> [s.text for s in split_sentences("Gen. Li left the U.S. on Jan. 6. He was warned.")]
    ['Gen. Li left the U.S. on Jan. 6.', 'He was warned.']
    """
    if isinstance(text, Document):
        document_id, content = text.id, text.text
    else:
        document_id, content = "", text
    if not isinstance(content, str):
        raise InputError(f"text to split must be a str or Document, got {type(content).__name__}")
    sentences: list[Sentence] = []
    start = 0
    for end in _short_steps(content, [*_cuts(content), len(content)]):
        piece = content[start:end]
        stripped = piece.strip()
        if stripped:
            first = start + len(piece) - len(piece.lstrip())
            last = first + len(stripped)
            sentences.append(Sentence(document_id, len(sentences), first, last, stripped))
        start = end
    return sentences


def _short_steps(text: str, cuts: list[int]) -> Iterator[int]:
    """The cuts, and more of them where two are further apart than LONGEST."""
    start = 0
    for cut in cuts:
        while cut - start > LONGEST:
            space = text.rfind(" ", start + LONGEST // 2, start + LONGEST)
            start = space if space > 0 else start + LONGEST
            yield start
        yield cut
        start = cut


def _cuts(text: str) -> list[int]:
    """Positions, ascending, where one sentence stops and the next may start."""
    cuts: list[int] = []
    start = len(text) - len(text.lstrip())  # of the current sentence
    line_start = 0
    for match in _CANDIDATE.finditer(text):
        gap, after = match["gap"] or match["newline"], match.end()
        cut = gap is None  # the wide marks of Chinese and Japanese need no space
        if gap is not None:
            marked, broken = match["mark"] is not None, _line_breaks(gap)
            cut = broken > 1 or (marked and _ends_sentence(text, match, start, broken > 0))
            if broken == 1 and not cut:
                line = text[max(line_start, after - len(gap) - _LINE) : after - len(gap)]
                cut = _breaks_line(line.strip(), text[after : after + _LINE], marked)
            if broken:
                line_start = after
        if cut:
            cuts.append(after)
            start = after
    return cuts


def _line_breaks(gap: str) -> int:
    """How many line breaks are in a stretch of whitespace; a page or paragraph mark counts two."""
    if gap == " ":
        return 0
    count = gap.count("\n") + gap.count("\r") - gap.count("\r\n")
    count += gap.count("\x0b") + gap.count("\x85") + gap.count("\u2028")
    return count + 2 * (gap.count("\x0c") + gap.count("\u2029"))


def _ends_sentence(text: str, match: re.Match[str], start: int, newline: bool) -> bool:
    """Whether the marks of this match end the sentence that began at `start`."""
    at, after = match.start(), match.end()
    mark, close = match["mark"], match["close"]
    ahead = text[after : after + _WORD]
    following = ahead.lstrip(OPENERS) or ahead
    if not following or ahead[0] in ",;:.!?…":
        return False
    before = _word_before(text[max(start, at - _WORD) : at])
    if following[0].islower() and not _CAMEL.match(following):
        # After a line break a lower-case start is careless writing, but only where the mark
        # cannot belong to an abbreviation and no quotation is being attributed.
        return newline and not close and mark == "." and len(before) > 3 and not _known(before)
    if mark == ".":
        if at - start <= 8 and not close and _MARKER.match(text[start:at].lstrip("(")):
            return False  # "1. Introduction": the mark of a list item
        if text[max(at - 2, 0) : at] == ". ":
            return _starts(following)  # one of the dots of ". . ."
        return _dot_ends(before, close, following)
    if _is_attribution(close, following):
        return False
    if "…" in mark or mark.startswith(".."):
        omission = at == 0 or text[at - 1].isspace()  # "the talks ... Beijing said"
        return not omission or _starts(following)
    if close.startswith(")") and text[max(at - 1, 0)] == "(":
        return False  # "(!)" is a remark on the word before it
    return close != "" or before + mark not in MARKED_NAMES or _starts(following)


def _dot_ends(before: str, close: str, following: str) -> bool:
    """Whether a single dot after the word `before` ends its sentence."""
    quoted = any(c in close for c in '"”»')
    if before in CONTINUERS:
        return False
    if before in TIMES:
        return _word_after(following) not in AFTER_TIME
    if before in TITLES or (len(before) == 1 and before.isalpha()):
        return quoted or (_starts(following) and _word_after(following) not in SURNAMES)
    if before in NUMBERED:
        if following[0].isdigit():
            return False
        return quoted or before in PLAIN_WORDS or _starts(following)
    if before in AMBIGUOUS or _INITIALS.match(before):
        return quoted or _starts(following)
    return True


def _starts(following: str) -> bool:
    """Whether the next word is one that starts sentences (and no initial, as in "A. Smith")."""
    word = _word_after(following)
    return word in STARTERS and not (len(word) == 1 and following[1:2] == ".")


def _word_before(window: str) -> str:
    """The last word of a window of text, without what opens before it."""
    word = window[-1:].strip() and window.split()[-1]
    for opener in _INNER:
        word = word.rpartition(opener)[2]
    return word


def _word_after(following: str) -> str:
    found = _AFTER.match(following)
    return found.group().replace("’", "'") if found else ""


def _known(before: str) -> bool:
    """Whether a word with a dot could be an abbreviation at all."""
    groups = (TITLES, CONTINUERS, NUMBERED, AMBIGUOUS, TIMES)
    return any(before in group for group in groups) or bool(_INITIALS.match(before))


def _is_attribution(close: str, following: str) -> bool:
    """Whether a closed quotation is followed by its speaker, as in: “Why?” Ms. Lee asked."""
    if not any(c in close for c in "\"'”’»"):
        return False
    for word in following.split()[:6]:
        if word.strip(".,;:") in SPEECH_VERBS:
            return True
        if word in STARTERS and word not in ("He", "She", "They", "We", "I", "It", "The", "One"):
            return False
        if word.endswith((",", ";")) or not (word[0].isupper() or word[0] == "("):
            return False
    return False


def _breaks_line(line: str, ahead: str, marked: bool) -> bool:
    """Whether a single newline between an unfinished `line` and `ahead` separates two items."""
    ahead = (ahead.splitlines() or [""])[0]
    if not line or not ahead:
        return True
    bullet = _BULLET.match(ahead)
    if bullet and (not ahead[0].isalnum() or _BULLET.match(line) or line[-1] == ":"):
        return True
    first = ahead.lstrip(OPENERS)[:1]
    if marked or line[-1] in ",;-–—(" or line.split()[-1] in DANGLING:
        return False
    if not first.isalnum() or first.islower():
        return False
    # A wrapping program breaks a line only where the next word would not have fitted.
    room = len(ahead) - len(line) - 1 - len(ahead.split(None, 1)[0])
    return len(line) <= _SHORT_LINE or room >= _SPARE_ROOM
