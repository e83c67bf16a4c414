@judge:vendor
Feature: Corti keeps secrets when it refuses

  Rule: No reply repeats a secret, password or refused token that the request contained

    @id:ERR-12 @must
    Scenario: Refusals repeat nothing
      Given the API has accepted the caller's token
      When the caller logs in in each of these ways
        | with another client secret               |
        | with a beginning of the client secret    |
        | with the credentials in a Basic header   |
        | with the credentials in the body too     |
        | with everything in the query             |
        | with grant_type locum                    |
        | without grant_type                       |
        | with grant_type twice                    |
        | with scope locum                         |
        | as JSON                                  |
        | for a tenant that does not exist         |
      And the caller calls the API in each of these ways
        | with the token's signature changed |
        | with the token in the query        |
        | with the token in quotes           |
        | with the scheme Basic              |
        | without the header Tenant-Name     |
      Then no reply repeats a secret or token of its request

    @id:ERR-12 @must
    Scenario: Refused sockets repeat nothing
      Given each socket is configured with
        """
        {"primaryLanguage": "en"}
        """
      And the caller has logged in
      When the caller opens the socket /transcribe?tenant-name={tenant}
      And the caller opens the socket /transcribe?tenant-name={tenant} in each of these ways
        | with an unknown token              |
        | with the token's signature changed |
      Then no reply repeats a secret or token of its request
