@judge:client @vendor:corti
Feature: A client and the answer to its upgrade

  Rule: An answer that is not the right one opens no websocket

    Background:
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """

    @id:WSS-12
    Scenario: Sec-WebSocket-Accept belongs to another key
      Given the client has talked on the socket {websocketUrl}
      When the client tries to open the socket {websocketUrl} once for each of these answers
        | wrong_accept |
      Then the client sent no frame and reported a failure

    @id:WSS-20
    Scenario: Upgrade, Connection, an extension or a subprotocol is wrong
      Given the client has talked on the socket {websocketUrl}
      And the vendor's setting ws_config_deadline_s is 2
      When the client tries to open the socket {websocketUrl} once for each of these answers
        | no_upgrade       |
        | wrong_upgrade    |
        | no_connection    |
        | wrong_connection |
        | extension        |
        | protocol         |
      Then the client sent no frame and reported each as a failure

  Rule: A redirect of the upgrade to another origin is not followed with the token

    Background:
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """

    @id:WSS-21
    Scenario Outline: The upgrade is redirected with <status>
      Given the client has talked on the socket {websocketUrl}
      And each socket request is redirected with <status> to another origin
      When the client tries to open the socket {websocketUrl}
      Then no token reached the other origin

      Examples:
        | status |
        | 302    |
        | 307    |

  Rule: A 401 to the upgrade makes the client fetch one new token and try once more

    Background:
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """

    @id:WSS-07
    Scenario: The first upgrade is refused
      Given the client has made 1 call
      And the first socket request meets
        """
        {"status": 401}
        """
      When the client tries to open the socket {websocketUrl}
      Then the client fetched one token and upgraded once more with it

    @id:WSS-07
    Scenario: Each upgrade is refused
      Given the client has made 1 call
      And each socket request meets
        """
        {"status": 401}
        """
      When the client tries to open the socket {websocketUrl}
      Then the client fetched one token and upgraded once more with it
