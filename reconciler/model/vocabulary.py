"""Vocabulary: source attributes by the names of Entra's provisioning service, with Graph's as aliases."""

from __future__ import annotations

USER_TEXTS = frozenset(
    "userPrincipalName displayName givenName surname jobTitle department mail mailNickname mobile telephoneNumber "
    "facsimileTelephoneNumber streetAddress city state postalCode country physicalDeliveryOfficeName preferredLanguage "
    "usageLocation companyName employeeId employeeType userType originalUserPrincipalName division costCenter "
    "onPremisesSamAccountName onPremisesImmutableId onPremisesDistinguishedName onPremisesSecurityIdentifier "
    "onPremisesUserPrincipalName onPremisesDomainName".split()
) | {f"extensionAttribute{number}" for number in range(1, 16)}
USER_DATES = frozenset({"employeeHireDate", "employeeLeaveDateTime"})
USER_LISTS = frozenset({"otherMails", "proxyAddresses"})
USER_BOOLEANS = frozenset({"accountEnabled"})
ALIASES = {
    "mobilePhone": "mobile",
    "officeLocation": "physicalDeliveryOfficeName",
    "id": "objectId",
    "faxNumber": "facsimileTelephoneNumber",
}
GROUP_TEXTS = frozenset({"displayName", "description", "mail", "mailNickname"})
LOCATION_TEXTS = frozenset(
    "streetAddress city state postalCode country physicalDeliveryOfficeName preferredLanguage usageLocation telephoneNumber".split()
)
# What hardly two people share; every other text is worth keeping once.
PERSONAL = frozenset(
    "userPrincipalName displayName mail mailNickname mobile telephoneNumber employeeId originalUserPrincipalName "
    "onPremisesSamAccountName onPremisesImmutableId onPremisesDistinguishedName onPremisesSecurityIdentifier "
    "onPremisesUserPrincipalName".split()
)
