"""Binds the letters of a day into one PDF, with the tags and the archive marks each of them has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from io import BytesIO
from typing import Any

from amable.plugs.channel import Bound


def bind(letters: Sequence[bytes], *, title: str, language: str, day: date) -> Bound:
    """The letters one after the other. Their structure trees hang below one document, their fonts stay apart.

    The letters are our own: PDF/A-2a and PDF/UA-1, each with a structure tree of its own and no links.
    """
    import pikepdf  # noqa: PLC0415 - a sixth of a second, which only a day with letters has to spend
    from pikepdf import Array, Dictionary, Name, String  # noqa: PLC0415

    whole = pikepdf.new()
    kids: list[Any] = []
    parents: list[Any] = []
    pages: list[int] = []
    sources = [pikepdf.open(BytesIO(letter)) for letter in letters]
    for source in sources:
        before = len(whole.pages)
        whole.pages.extend(source.pages)
        pages.append(len(whole.pages) - before)
        tree = whole.copy_foreign(source.Root.StructTreeRoot)
        offset = len(parents)
        numbered = _numbered(tree.ParentTree)
        parents += numbered
        for page in list(whole.pages)[before:]:
            if Name.StructParents in page.obj:
                page.obj.StructParents = int(page.obj.StructParents) + offset
        kids += list(tree.K) if isinstance(tree.K, Array) else [tree.K]
        if offset == 0:
            whole.Root.OutputIntents = whole.copy_foreign(source.Root.OutputIntents)
            whole.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    root = whole.make_indirect(Dictionary(Type=Name.StructTreeRoot))
    document = whole.make_indirect(Dictionary(Type=Name.StructElem, S=Name.Document, P=root, K=Array(kids)))
    for kid in kids:
        kid.P = document
    root.K = Array([document])
    nums = Array([entry for place, parent in enumerate(parents) for entry in (place, parent)])
    root.ParentTree = whole.make_indirect(Dictionary(Nums=nums))
    root.ParentTreeNextKey = len(parents)
    whole.Root.StructTreeRoot = root
    whole.Root.MarkInfo = Dictionary(Marked=True)
    whole.Root.Lang = String(language)
    whole.Root.Metadata = _metadata(whole, title, language, day)
    out = BytesIO()
    whole.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return Bound(out.getvalue(), tuple(pages))


def _numbered(tree: Any) -> list[Any]:
    """The values of a number tree in the order of their keys, which run from 0."""
    nums = list(tree.Nums) if "/Nums" in tree else [entry for kid in tree.Kids for entry in kid.Nums]
    return [value for _, value in sorted(zip(map(int, nums[::2]), nums[1::2], strict=True), key=lambda pair: pair[0])]


def _metadata(whole: Any, title: str, language: str, day: date) -> Any:
    """What the file says of itself, in XMP: its title and day, PDF/A-2a, PDF/UA-1."""
    safe = title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    stamp = f"{day.isoformat()}T00:00:00Z"
    packet = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{safe}</rdf:li></rdf:Alt></dc:title>
<dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>
<xmp:CreateDate>{stamp}</xmp:CreateDate><xmp:ModifyDate>{stamp}</xmp:ModifyDate>
<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance><pdfuaid:part>1</pdfuaid:part>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""
    stream = whole.make_stream(packet.encode())
    stream.Type, stream.Subtype = _name(whole, "/Metadata"), _name(whole, "/XML")
    return whole.make_indirect(stream)


def _name(_: Any, name: str) -> Any:
    from pikepdf import Name  # noqa: PLC0415

    return Name(name)
