@judge:vendor
Feature: Corti serves websockets

  Background:
    Given each socket is configured with
      """
      {"primaryLanguage": "en"}
      """
    And the socket {websocketUrl} is configured with
      """
      {
        "transcription": {
          "primaryLanguage": "en",
          "isDiarization": false,
          "isMultichannel": false,
          "participants": [{"channel": 0, "role": "multiple"}]
        },
        "mode": {"type": "facts", "outputLocale": "en"}
      }
      """
    And the caller has logged in

  Rule: Sec-WebSocket-Accept is the right answer to the key

    @id:WSS-12 @must
    Scenario: The answer to the upgrade is computed of its key
      When the caller opens the socket /transcribe?tenant-name={tenant}
      Then the answer to the upgrade is the right one for its key

  Rule: A websocket opened with a good token serves

    @id:WSS-22 @must
    Scenario: The dictation socket accepts its configuration
      When the caller opens the socket /transcribe?tenant-name={tenant}
      Then the socket accepts its configuration

    @id:WSS-22 @must
    Scenario: The stream of an interaction accepts its configuration
      Given the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """
      When the caller opens the socket {websocketUrl}
      Then the socket accepts its configuration

  Rule: A websocket opened without a token or with a bad one gives no service

    @id:WSS-05 @should @id:BCP-02 @must
    Scenario: A bad token opens nothing
      When the caller opens the socket /transcribe?tenant-name={tenant}
      And the caller opens the socket /transcribe?tenant-name={tenant} in each of these ways
        | without a token                    |
        | with an empty token                |
        | with an unknown token              |
        | with the token's signature changed |
        | with the id token                  |
        | with a token of another tenant     |
      And the token's lifetime and 5 minutes more have passed
      And the caller opens the socket /transcribe?tenant-name={tenant} with a token that has ended
      Then each of these openings gives no service

  Rule: A websocket opened without the name of the tenant gives no service

    @id:WSS-40 @should
    Scenario: The address names no tenant
      When the caller opens the socket /transcribe?tenant-name={tenant}
      And the caller opens the socket /transcribe?tenant-name={tenant} in each of these ways
        | without the tenant's name |
      Then it gets no service

  Rule: A token limited to a websocket scope is refused on REST and on the other socket

    @id:VEN-21 @should
    Scenario: A token for dictation does not reach the REST API
      Given the API has accepted the caller's token
      When the caller logs in in each of these ways
        | with scope openid transcribe |
      And the caller opens the socket /transcribe?tenant-name={tenant}
      And the caller calls the API in each of these ways
        | with the limited token |
      Then the limited token opened its own socket and got nothing from the API

    @id:VEN-21 @should
    Scenario: A token for dictation does not open a stream
      Given the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """
      When the caller opens the socket {websocketUrl}
      And the caller logs in in each of these ways
        | with scope openid transcribe |
      And the caller opens the socket /transcribe?tenant-name={tenant}
      And the caller opens the socket {websocketUrl} with the limited token
      Then the limited token opened its own socket and no other

  Rule: The websocket of an interaction opens for the client and the tenant that it belongs to

    @id:WSS-33 @must
    Scenario: Another client opens the stream of an interaction
      Given the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """
      When the caller opens the socket {websocketUrl}
      And the caller opens the socket {websocketUrl} in each of these ways
        | as another client |
      Then it gets no service

    @id:WSS-33 @must
    Scenario: Another tenant opens the stream of an interaction
      Given the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """
      When the caller opens the socket {websocketUrl}
      And the caller opens the socket {websocketUrl} in each of these ways
        | as a client of another tenant                         |
        | as a client of another tenant with the owner's tenant |
      Then it gets no service
