"""The invoices of a statement as Factur-X: one PDF each, with the CII document inside, packed in one ZIP file.

PDF/A-3 marks are written by pypdf: the attachment with its relationship, the output intent, the XMP metadata of Factur-X. Dates are the
invoice's own, so that the same invoice is the same bytes.
"""

import hashlib
import io
from datetime import UTC, datetime, time
from functools import cache
from xml.sax.saxutils import escape

from PIL import ImageCms
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    ByteStringObject,
    DecodedStreamObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

from settlement.documents.archive import pack
from settlement.documents.invoices import Invoice
from settlement.documents.issue_invoices import file_of, issued_invoices, read_invoice
from settlement.documents.models import IssuedInvoice
from settlement.documents.pdf_invoice import draw_invoice
from settlement.statements.models import Statement

ATTACHMENT = "factur-x.xml"


def render_facturx(*, statement: Statement) -> bytes:
    """This function will return a ZIP of one Factur-X PDF per invoice of the statement; it raises what issued_invoices raises."""
    return pack(files={f"{row.number}.pdf": draw_facturx(row=row) for row in issued_invoices(statement=statement)})


def draw_facturx(*, row: IssuedInvoice) -> bytes:
    """This function will return one invoice as a PDF that carries its own CII document."""
    invoice = read_invoice(row=row)
    page = draw_invoice(invoice=invoice)
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(page)))
    at = datetime.combine(invoice.issued_on, time(0), tzinfo=UTC)
    attached = _attach(writer, file_of(row.cii), at)
    writer._root_object.update(
        {
            NameObject("/AF"): ArrayObject([attached]),
            NameObject("/Names"): DictionaryObject(
                {
                    NameObject("/EmbeddedFiles"): DictionaryObject(
                        {NameObject("/Names"): ArrayObject([TextStringObject(ATTACHMENT), attached])}
                    )
                }
            ),
            NameObject("/OutputIntents"): ArrayObject([_output_intent(writer)]),
            NameObject("/Metadata"): writer._add_object(_stream(_xmp(invoice, at).encode(), Type="/Metadata", Subtype="/XML")),
            NameObject("/Lang"): TextStringObject(invoice.language or "en"),
        }
    )
    stamp = f"D:{at:%Y%m%d%H%M%S}+00'00'"
    writer.metadata = {
        "/Title": row.number,
        "/Author": invoice.seller.name,
        "/Producer": "pypdf",
        "/Creator": "Roamhouse",
        "/CreationDate": stamp,
        "/ModDate": stamp,
    }
    digest = ByteStringObject(hashlib.sha256(page + row.cii.encode()).digest()[:16])
    writer._ID = ArrayObject([digest, digest])
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def _attach(writer: PdfWriter, content: bytes, at: datetime) -> IndirectObject:
    file = _stream(content, Type="/EmbeddedFile", Subtype="/text/xml")
    file[NameObject("/Params")] = DictionaryObject(
        {NameObject("/Size"): NumberObject(len(content)), NameObject("/ModDate"): TextStringObject(f"D:{at:%Y%m%d%H%M%S}+00'00'")}
    )
    written = writer._add_object(file)
    return writer._add_object(
        DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Filespec"),
                NameObject("/F"): TextStringObject(ATTACHMENT),
                NameObject("/UF"): TextStringObject(ATTACHMENT),
                NameObject("/Desc"): TextStringObject("The invoice as Cross Industry Invoice"),
                NameObject("/AFRelationship"): NameObject("/Alternative"),
                NameObject("/EF"): DictionaryObject({NameObject("/F"): written, NameObject("/UF"): written}),
            }
        )
    )


def _output_intent(writer: PdfWriter) -> DictionaryObject:
    profile = _stream(_srgb())
    profile[NameObject("/N")] = NumberObject(3)
    return DictionaryObject(
        {
            NameObject("/Type"): NameObject("/OutputIntent"),
            NameObject("/S"): NameObject("/GTS_PDFA1"),
            NameObject("/OutputConditionIdentifier"): TextStringObject("sRGB"),
            NameObject("/DestOutputProfile"): writer._add_object(profile),
        }
    )


@cache
def _srgb() -> bytes:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes((7, 234, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0))  # the day it was made: always the same one
    profile[84:100] = bytes(16)  # its digest, which may be left out
    return bytes(profile)


def _stream(content: bytes, **names: str) -> DecodedStreamObject:
    stream = DecodedStreamObject()
    stream.set_data(content)
    for name, value in names.items():
        stream[NameObject(f"/{name}")] = NameObject(value)
    return stream


def _xmp(invoice: Invoice, at: datetime) -> str:
    stamp = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    return _XMP.format(title=escape(invoice.number), author=escape(invoice.seller.name), stamp=stamp, file=ATTACHMENT)


# ISO 19005-3 wants the schema of foreign properties declared; the namespace and its four properties are those of Factur-X 1.0.
_PROPERTY = (
    '<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{}</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType>'
    "<pdfaProperty:category>external</pdfaProperty:category><pdfaProperty:description>{}</pdfaProperty:description></rdf:li>"
)
_PROPERTIES = "".join(
    _PROPERTY.format(*told)
    for told in (
        ("DocumentFileName", "name of the embedded file"),
        ("DocumentType", "kind of document"),
        ("Version", "version of the schema"),
        ("ConformanceLevel", "profile of the embedded file"),
    )
)
_XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">'
    "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance></rdf:Description>"
    '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    '<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>'
    "<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator></rdf:Description>"
    '<rdf:Description rdf:about="" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"><pdf:Producer>pypdf</pdf:Producer></rdf:Description>'
    '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"><xmp:CreatorTool>Roamhouse</xmp:CreatorTool>'
    "<xmp:CreateDate>{stamp}</xmp:CreateDate><xmp:ModifyDate>{stamp}</xmp:ModifyDate></rdf:Description>"
    '<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" '
    'xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">'
    '<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Factur-X extension</pdfaSchema:schema>'
    "<pdfaSchema:namespaceURI>urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#</pdfaSchema:namespaceURI>"
    f"<pdfaSchema:prefix>fx</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq>{_PROPERTIES}</rdf:Seq></pdfaSchema:property>"
    "</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"
    '<rdf:Description rdf:about="" xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#">'
    "<fx:DocumentType>INVOICE</fx:DocumentType><fx:DocumentFileName>{file}</fx:DocumentFileName><fx:Version>1.0</fx:Version>"
    "<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel></rdf:Description></rdf:RDF></x:xmpmeta>\n"
    '<?xpacket end="w"?>'
)
