"""The paths of OICP, each with the version segment of its operation (oicp §1.2)."""

from django.urls import path

from roaming.protocols.oicp.endpoints import (
    authentication_data,
    authorization,
    cdrs,
    evse_data,
    evse_status,
    notifications,
    pricing,
    remote,
)

OPERATIONS = {
    "charging/v21/operators/<operator_id>/authorize/start": authorization.AuthorizeStartDoor,
    "charging/v21/operators/<operator_id>/authorize/stop": authorization.AuthorizeStopDoor,
    "charging/v21/providers/<provider_id>/authorize-remote/start": remote.RemoteStartDoor,
    "charging/v21/providers/<provider_id>/authorize-remote/stop": remote.RemoteStopDoor,
    "reservation/v11/providers/<provider_id>/reservation-start-request": remote.ReservationStartDoor,
    "reservation/v11/providers/<provider_id>/reservation-stop-request": remote.ReservationStopDoor,
    "cdrmgmt/v22/operators/<operator_id>/charge-detail-record": cdrs.ChargeDetailRecordDoor,
    "cdrmgmt/v22/providers/<provider_id>/get-charge-detail-records-request": cdrs.GetChargeDetailRecordsDoor,
    "notificationmgmt/v11/charging-notifications": notifications.ChargingNotificationDoor,
    "evsepush/v23/operators/<operator_id>/data-records": evse_data.PushEvseDataDoor,
    "evsepush/v21/operators/<operator_id>/status-records": evse_status.PushEvseStatusDoor,
    "evsepull/v23/providers/<provider_id>/data-records": evse_data.PullEvseDataDoor,
    "evsepull/v21/providers/<provider_id>/status-records": evse_status.PullEvseStatusDoor,
    "evsepull/v21/providers/<provider_id>/status-records-by-id": evse_status.PullEvseStatusByIdDoor,
    "evsepull/v21/providers/<provider_id>/status-records-by-operator-id": evse_status.PullEvseStatusByOperatorDoor,
    "authdata/v21/providers/<provider_id>/push-request": authentication_data.PushAuthenticationDataDoor,
    "authdata/v21/operators/<operator_id>/pull-request": authentication_data.PullAuthenticationDataDoor,
    "dynamicpricing/v10/operators/<operator_id>/pricing-products": pricing.PushPricingProductDataDoor,
    "dynamicpricing/v10/operators/<operator_id>/evse-pricing": pricing.PushEvsePricingDoor,
    "dynamicpricing/v10/providers/<provider_id>/pricing-products": pricing.PullPricingProductDataDoor,
    "dynamicpricing/v10/providers/<provider_id>/evse-pricing": pricing.PullEvsePricingDoor,
}

urlpatterns = [path(route, door.as_view()) for route, door in OPERATIONS.items()]
