"""Binds the letters of a day into one PDF, with the tags and the archive marks each of them has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from amable.plugs.channel import Bound


def bind(letters: Sequence[bytes], *, title: str, language: str, day: date) -> Bound:
    """The letters one after the other. Their structure trees hang below one document, their fonts stay apart.

    The letters are our own: PDF/A-2a and PDF/UA-1, each with a structure tree and without links or form fields. Their
    bookmarks and their own titles are left behind.
    """
    import pikepdf  # noqa: PLC0415 - a sixth of a second, which only a day with letters has to spend

    whole = pikepdf.new()
    trees = _Trees(whole)
    pages: list[int] = []
    for letter in letters:
        source = pikepdf.open(BytesIO(letter))  # read until the end: pages are copied when they are saved
        before = len(whole.pages)
        whole.pages.extend(source.pages)
        pages.append(len(whole.pages) - before)
        trees.add(source, list(whole.pages)[before:])
        if before == 0:
            for mark in ("/OutputIntents", "/ViewerPreferences"):
                whole.Root[mark] = whole.copy_foreign(source.make_indirect(source.Root[mark]))
    whole.Root.StructTreeRoot = trees.joined()
    whole.Root.MarkInfo = pikepdf.Dictionary(Marked=True)
    whole.Root.Lang = pikepdf.String(language)
    stream = whole.make_stream(_metadata(title, language, day).encode())
    stream.Type, stream.Subtype = pikepdf.Name.Metadata, pikepdf.Name.XML
    whole.Root.Metadata = whole.make_indirect(stream)
    out = BytesIO()
    whole.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return Bound(out.getvalue(), tuple(pages))


class _Trees:
    """The structure trees of several files becoming one: places renumbered, identifiers made unique."""

    def __init__(self, whole: Any) -> None:
        self.whole = whole
        self.letters: list[Any] = []
        self.places: list[Any] = []
        self.named: dict[str, Any] = {}
        self.roles: dict[str, Any] = {}

    def add(self, source: Any, pages: Sequence[Any]) -> None:
        """Take in the tree of a file whose pages are in the whole already."""
        tree = self.whole.copy_foreign(source.make_indirect(source.Root.StructTreeRoot))
        first = len(self.places)
        self.places += _numbered(tree.ParentTree)
        for page in pages:
            if "/StructParents" in page.obj:
                page.obj.StructParents = int(page.obj.StructParents) + first
        self.roles |= {str(name): role for name, role in tree.get("/RoleMap", {}).items()}
        prefix = f"L{len(self.letters)}."
        self.letters.append(tree.K)
        for element in _elements(tree.K):
            self.name(element, prefix)

    def name(self, element: Any, prefix: str) -> None:
        """Give an element, and the heads its cell refers to, identifiers no other letter has."""
        from pikepdf import Array, String  # noqa: PLC0415

        if "/ID" in element:
            name = prefix + str(element.ID)
            element.ID = String(name)
            self.named[name] = element
        attributes = element.get("/A")
        listed = attributes if isinstance(attributes, Array) else [attributes] if attributes is not None else []
        for attribute in listed:
            if "/Headers" in attribute:
                attribute.Headers = Array([String(prefix + str(head)) for head in attribute.Headers])

    def joined(self) -> Any:
        """The one tree, with one document in it and the letters below."""
        from pikepdf import Array, Dictionary, Name, String  # noqa: PLC0415

        root = self.whole.make_indirect(Dictionary(Type=Name.StructTreeRoot))
        document = self.whole.make_indirect(Dictionary(Type=Name.StructElem, S=Name.Document, P=root))
        kids = [kid for top in self.letters for kid in (top if isinstance(top, Array) else [top])]
        for kid in kids:
            kid.P = document
            kid.S = Name.Sect
        document.K = Array(kids)
        root.K = Array([document])
        root.ParentTree = self.whole.make_indirect(
            Dictionary(Nums=Array([entry for pair in enumerate(self.places) for entry in pair]))
        )
        root.ParentTreeNextKey = len(self.places)
        root.RoleMap = Dictionary(dict(sorted(self.roles.items())))
        if self.named:
            names = [entry for name in sorted(self.named) for entry in (String(name), self.named[name])]
            limits = Array([String(min(self.named)), String(max(self.named))])
            leaf = self.whole.make_indirect(Dictionary(Names=Array(names), Limits=limits))
            root.IDTree = self.whole.make_indirect(Dictionary(Kids=Array([leaf])))
        return root


def _elements(node: Any) -> Iterator[Any]:
    """Every element of a tree, from the top."""
    from pikepdf import Array, Dictionary  # noqa: PLC0415

    if isinstance(node, Array):
        for kid in node:
            yield from _elements(kid)
    elif isinstance(node, Dictionary) and "/S" in node:
        yield node
        if "/K" in node:
            yield from _elements(node.K)


def _numbered(tree: Any) -> list[Any]:
    """The values of a number tree in the order of their keys, which run from 0."""
    nums = list(tree.Nums) if "/Nums" in tree else [entry for kid in tree.Kids for entry in kid.Nums]
    return [value for _, value in sorted(zip(map(int, nums[::2]), nums[1::2], strict=True), key=lambda pair: pair[0])]


def _metadata(title: str, language: str, day: date) -> str:
    """What the file says of itself, in XMP: title, day, PDF/A-2a and PDF/UA-1, whose property PDF/A wants described."""
    stamp = f"{day.isoformat()}T00:00:00Z"
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/"
 xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
 xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(title)}</rdf:li></rdf:Alt></dc:title>
<dc:language><rdf:Bag><rdf:li>{escape(language)}</rdf:li></rdf:Bag></dc:language>
<xmp:CreateDate>{stamp}</xmp:CreateDate><xmp:ModifyDate>{stamp}</xmp:ModifyDate>
<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance><pdfuaid:part>1</pdfuaid:part>
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of PDF/UA the file conforms to</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""
