"""Every address of OCPI. Paths are matched as they were sent, segment by segment (see `roaming.protocols.entrance`)."""

from django.urls import path, re_path, register_converter

from roaming.protocols.ocpi.endpoints import (
    authorizations,
    cdrs,
    charging_profiles,
    commands,
    credentials,
    hubclientinfo,
    locations,
    passing,
    sessions,
    tariffs,
    tokens,
    versions,
)
from roaming.protocols.ocpi.paths import Rest, Segment

register_converter(Segment, "segment")
register_converter(Rest, "rest")

_OWNER = "<segment:country_code>/<segment:party_id>"
_PART = ("", "/<segment:evse_uid>", "/<segment:evse_uid>/<segment:connector_id>")

urlpatterns = [
    path("versions", versions.Versions.as_view()),
    path("<segment:version>", versions.VersionDetails.as_view()),
    *(path(f"<segment:version>/{persona}", versions.VersionDetails.as_view(), {"persona": persona}) for persona in ("cpo", "emsp")),
    path("<segment:version>/credentials", credentials.Credentials.as_view()),
    path("<segment:version>/hubclientinfo", hubclientinfo.HubClientInfo.as_view()),
    path("<segment:version>/sender/locations", locations.LocationsSender.as_view()),
    *(path(f"<segment:version>/sender/locations/<segment:location_id>{part}", locations.LocationSender.as_view()) for part in _PART),
    *(
        path(f"<segment:version>/receiver/locations/{_OWNER}/<segment:location_id>{part}", locations.LocationReceiver.as_view())
        for part in _PART
    ),
    path("<segment:version>/sender/tariffs", tariffs.TariffsSender.as_view()),
    path(f"<segment:version>/receiver/tariffs/{_OWNER}/<segment:tariff_id>", tariffs.TariffReceiver.as_view()),
    path("<segment:version>/sender/tokens", tokens.TokensSender.as_view()),
    path("<segment:version>/sender/tokens/<segment:token_uid>/authorize", authorizations.AuthorizeToken.as_view()),
    path(f"<segment:version>/receiver/tokens/{_OWNER}/<segment:token_uid>", tokens.TokenReceiver.as_view()),
    path("<segment:version>/sender/sessions", sessions.SessionsSender.as_view()),
    path("<segment:version>/sender/sessions/<segment:session_id>/charging_preferences", sessions.ChargingPreferences.as_view()),
    path(f"<segment:version>/receiver/sessions/{_OWNER}/<segment:session_id>", sessions.SessionReceiver.as_view()),
    path("<segment:version>/sender/cdrs", cdrs.CdrsSender.as_view()),
    path("<segment:version>/receiver/cdrs", cdrs.CdrsReceiver.as_view()),
    path("<segment:version>/receiver/cdrs/<segment:public_id>", cdrs.CdrReceiver.as_view()),
    path(f"<segment:version>/receiver/cdrs/{_OWNER}", cdrs.CdrsReceiver.as_view()),
    path("<segment:version>/receiver/commands/<segment:command>", commands.CommandReceiver.as_view()),
    path("<segment:version>/receiver/chargingprofiles/<segment:session_id>", charging_profiles.ProfileReceiver.as_view()),
    path("<segment:version>/sender/chargingprofiles/<segment:session_id>", charging_profiles.ActiveProfile.as_view()),
    path("callbacks/<segment:key>", commands.CommandResult.as_view()),
    *(
        path(f"<segment:version>/{side}/<segment:name>{rest}", door.as_view())
        for side, door in (("sender", passing.PassingSender), ("receiver", passing.PassingReceiver))
        for rest in ("", "/<rest:rest>")
    ),
    re_path(r"^", versions.Nowhere.as_view()),
]
