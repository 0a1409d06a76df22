"""A session and a CDR as an operator of the bench sends them; `@N@` becomes a number of its own in each."""

import json

from benchmarks.partners import CONTRACT, KNOWN_UID

_TOKEN = {"country_code": "NL", "party_id": "BET", "uid": KNOWN_UID, "type": "RFID", "contract_id": CONTRACT}
_PERIODS = [
    {
        "start_date_time": "2026-10-05T10:00:00Z",
        "dimensions": [{"type": "ENERGY", "volume": 8.0}, {"type": "TIME", "volume": 0.5}],
        "tariff_id": "AC-1",
    },
    {
        "start_date_time": "2026-10-05T10:30:00Z",
        "dimensions": [{"type": "ENERGY", "volume": 12.0}, {"type": "TIME", "volume": 0.5}],
        "tariff_id": "AC-1",
    },
]

SESSION = json.dumps(
    {
        "country_code": "DE",
        "party_id": "ALF",
        "id": "S@N@",
        "start_date_time": "2026-10-05T10:00:00Z",
        "kwh": 20.0,
        "cdr_token": _TOKEN,
        "auth_method": "WHITELIST",
        "location_id": "LOC-1",
        "evse_uid": "EVSE-1",
        "connector_id": "1",
        "currency": "EUR",
        "charging_periods": _PERIODS,
        "total_cost": {"excl_vat": 7.80, "incl_vat": 9.28},
        "status": "ACTIVE",
        "last_updated": "2026-10-05T11:00:00Z",
    }
)

CDR = json.dumps(
    {
        "country_code": "DE",
        "party_id": "ALF",
        "id": "C@N@",
        "start_date_time": "2026-10-05T10:00:00Z",
        "end_date_time": "2026-10-05T11:00:00Z",
        "session_id": "S@N@",
        "cdr_token": _TOKEN,
        "auth_method": "WHITELIST",
        "cdr_location": {
            "id": "LOC-1",
            "name": "Hafenstrasse",
            "address": "Hafenstrasse 12",
            "city": "Hamburg",
            "postal_code": "20457",
            "country": "DEU",
            "coordinates": {"latitude": "53.545100", "longitude": "9.966700"},
            "evse_uid": "EVSE-1",
            "evse_id": "DE*ALF*E0001*1",
            "connector_id": "1",
            "connector_standard": "IEC_62196_T2",
            "connector_format": "SOCKET",
            "connector_power_type": "AC_3_PHASE",
        },
        "currency": "EUR",
        "tariffs": [
            {
                "country_code": "DE",
                "party_id": "ALF",
                "id": "AC-1",
                "currency": "EUR",
                "elements": [{"price_components": [{"type": "ENERGY", "price": 0.39, "vat": 19.0, "step_size": 1}]}],
                "last_updated": "2026-09-01T08:00:00Z",
            }
        ],
        "charging_periods": _PERIODS,
        "total_cost": {"excl_vat": 7.80, "incl_vat": 9.28},
        "total_energy": 20.0,
        "total_energy_cost": {"excl_vat": 7.80, "incl_vat": 9.28},
        "total_time": 1.0,
        "last_updated": "2026-10-05T11:01:00Z",
    }
)
