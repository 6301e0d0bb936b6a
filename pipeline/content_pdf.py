"""A PDF as text: every object by its number, its stream unpacked: letters, fonts, drawing and tags are in it."""

import io
import re
from functools import singledispatch

from pypdf import PdfReader
from pypdf.generic import DictionaryObject, IndirectObject, NumberObject, PdfObject, StreamObject

# How a stream is packed, not what it holds; and names that are hashes of the bytes.
PACKING = ("/Length", "/Filter", "/DecodeParms", "/ID")
NAMES_OF_BYTES = re.compile(r"(?<=<xmpMM:)(InstanceID|DocumentID)>[^<]*")


def unpacked(data: bytes) -> str:
    """Number of pages, then all objects; bytes that are no text stand as one letter each.

    Raises what pypdf raises for a file that is no PDF or is damaged.
    """
    reader = PdfReader(io.BytesIO(data), strict=True)
    numbers = range(1, int(str(reader.trailer["/Size"])))
    objects = {number: reader.get_object(IndirectObject(number, 0, reader)) for number in numbers}
    # A bare number is the length of a packed stream.
    held = {str(key): thing for key, thing in objects.items() if not isinstance(thing, NumberObject)}
    texts = [f"{key} {written(thing)}" for key, thing in {"trailer": reader.trailer, **held}.items() if thing]
    return NAMES_OF_BYTES.sub(r"\1>", "\n".join([f"{len(reader.pages)} pages", *texts]))


@singledispatch
def written(thing: PdfObject) -> str:
    """An object as it stands in a PDF."""
    target = io.BytesIO()
    thing.write_to_stream(target)
    return target.getvalue().decode("latin-1")


@written.register
def _(thing: DictionaryObject) -> str:
    parts = [f"{key} {written(thing.raw_get(key))}" for key in sorted(thing) if key not in PACKING]
    return "<<" + " ".join(parts) + ">>"


@written.register
def _(thing: StreamObject) -> str:
    head: str = written.dispatch(DictionaryObject)(thing)
    return f"{head}\n{thing.get_data().decode('latin-1')}"
