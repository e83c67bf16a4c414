@judge:client @vendor:corti
Feature: A client that opens a websocket later, or anew

  Rule: A socket is not opened with a token whose lifetime is over

    Background:
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """

    @id:WS-02
    Scenario: The cached token has come to its end
      Given the first token lives short
      And the client has made 1 call
      When the client's token comes to its end
      And the client tries to open the socket {websocketUrl}
      Then the first upgrade showed a live token

  Rule: After a dropped socket the session comes back on a token that is good

    Background:
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """

    @id:WS-03 @unmeasured @long
    Scenario: The token is revoked before the socket drops
      Given the first socket request meets
        """
        {"drop_ws": true, "after_messages": 1}
        """
      When the client tries to open the socket {websocketUrl}
      And the vendor revokes the client's token
      And the client sends audio
      And the client is back, or 8 seconds have passed
      Then the client came back with a live token

  Rule: Reconnect attempts are spaced out and bounded

    Background:
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """

    @id:WS-11 @unmeasured @long
    Scenario: Each socket is dropped as soon as it is accepted
      Given each socket request meets
        """
        {"drop_ws": true, "after_messages": 1, "unprompted": true}
        """
      When the client tries to open the socket {websocketUrl}
      And 8500 milliseconds pass
      Then the client's upgrades are far apart and few
