"""Where the invented companies are: countries with their taxes and price levels, cities with coordinates, street names."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class City:
    """A place; coordinates in degrees (WGS 84), the postal code of its centre."""

    name: str
    postal_code: str
    latitude: Decimal
    longitude: Decimal


@dataclass(frozen=True)
class Country:
    """What a site inherits from the ground it stands on. VAT in percent; prices before VAT, in the country's currency."""

    code: str
    alpha3: str
    currency: str
    vat_percent: Decimal
    time_zone: str
    language: str
    ac_price: Decimal  # per kWh
    dc_price: Decimal  # per kWh
    start_fee: Decimal  # per session
    parking_price: Decimal  # per hour, once the car no longer takes power
    hub_fee: Decimal  # per CDR
    streets: tuple[str, ...]
    cities: tuple[City, ...]


def _city(name: str, postal_code: str, latitude: str, longitude: str) -> City:
    return City(name, postal_code, Decimal(latitude), Decimal(longitude))


COUNTRIES = {
    country.code: country
    for country in (
        Country(
            "DE", "DEU", "EUR", Decimal(19), "Europe/Berlin", "de",
            Decimal("0.41"), Decimal("0.52"), Decimal("0.35"), Decimal("4.80"), Decimal("0.25"),
            ("Am Güterbahnhof", "Lindenallee", "Gewerbering", "Uferstraße", "Marktplatz", "Zur Mühle"),
            (
                _city("Hamburg", "20095", "53.55110", "9.99370"),
                _city("Kassel", "34117", "51.31270", "9.47970"),
                _city("Leipzig", "04109", "51.33970", "12.37310"),
                _city("Nürnberg", "90402", "49.45210", "11.07670"),
                _city("Freiburg", "79098", "47.99900", "7.84210"),
                _city("Münster", "48143", "51.96070", "7.62610"),
                _city("Rostock", "18055", "54.09240", "12.09910"),
            ),
        ),
        Country(
            "NL", "NLD", "EUR", Decimal(21), "Europe/Amsterdam", "nl",
            Decimal("0.34"), Decimal("0.56"), Decimal("0.30"), Decimal("4.20"), Decimal("0.25"),
            ("Stationsweg", "Havenkade", "Molenstraat", "Spoorlaan", "Lijnbaan", "Kerkplein"),
            (
                _city("Utrecht", "3511 AB", "52.09070", "5.12140"),
                _city("Groningen", "9711 LM", "53.21940", "6.56650"),
                _city("Breda", "4811 XV", "51.58650", "4.77600"),
                _city("Zwolle", "8011 PK", "52.51680", "6.08300"),
                _city("Maastricht", "6211 CL", "50.85140", "5.69100"),
                _city("Leiden", "2312 EV", "52.16010", "4.49700"),
            ),
        ),
        Country(
            "SE", "SWE", "SEK", Decimal(25), "Europe/Stockholm", "sv",
            Decimal("3.60"), Decimal("5.20"), Decimal("4.00"), Decimal("45.00"), Decimal("2.80"),
            ("Hamngatan", "Storgatan", "Järnvägsgatan", "Industrivägen", "Kvarnbacken"),
            (
                _city("Stockholm", "111 20", "59.32930", "18.06860"),
                _city("Göteborg", "411 06", "57.70890", "11.97460"),
                _city("Malmö", "211 20", "55.60500", "13.00380"),
                _city("Sundsvall", "852 30", "62.39080", "17.30690"),
                _city("Jönköping", "553 16", "57.78260", "14.16180"),
            ),
        ),
        Country(
            "CH", "CHE", "CHF", Decimal("8.1"), "Europe/Zurich", "de",
            Decimal("0.46"), Decimal("0.62"), Decimal("0.50"), Decimal("6.00"), Decimal("0.25"),
            ("Bahnhofstrasse", "Seeweg", "Alte Landstrasse", "Gotthardstrasse", "Werkhofweg"),
            (
                _city("Zürich", "8001", "47.37690", "8.54170"),
                _city("Bern", "3011", "46.94800", "7.44740"),
                _city("Luzern", "6003", "47.05020", "8.30930"),
                _city("Chur", "7000", "46.85080", "9.53200"),
            ),
        ),
        Country(
            "AT", "AUT", "EUR", Decimal(20), "Europe/Vienna", "de",
            Decimal("0.39"), Decimal("0.54"), Decimal("0.30"), Decimal("4.50"), Decimal("0.25"),
            ("Donaulände", "Wiener Straße", "Am Anger", "Feldgasse", "Bahnzeile"),
            (
                _city("Wien", "1020", "48.20820", "16.37380"),
                _city("Linz", "4020", "48.30690", "14.28580"),
                _city("Graz", "8010", "47.07070", "15.43950"),
                _city("Salzburg", "5020", "47.80950", "13.05500"),
            ),
        ),
        Country(
            "FR", "FRA", "EUR", Decimal(20), "Europe/Paris", "fr",
            Decimal("0.36"), Decimal("0.49"), Decimal("0.40"), Decimal("3.60"), Decimal("0.25"),
            ("Rue des Tanneurs", "Avenue de la Gare", "Quai du Canal", "Place du Marché", "Chemin des Vignes"),
            (
                _city("Lyon", "69002", "45.76400", "4.83570"),
                _city("Montpellier", "34000", "43.61080", "3.87670"),
                _city("Nantes", "44000", "47.21840", "-1.55360"),
                _city("Dijon", "21000", "47.32200", "5.04150"),
                _city("Lille", "59000", "50.62920", "3.05730"),
                _city("Toulouse", "31000", "43.60470", "1.44420"),
            ),
        ),
    )
}  # fmt: skip
