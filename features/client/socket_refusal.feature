@judge:client @vendor:corti
Feature: A client whose websocket is refused

  Rule: Each refusal ends the open with an error

    Background:
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """

    @id:WS-10
    Scenario: The configuration is not accepted
      Given the client has talked on the socket {websocketUrl}
      When the client tries to open the socket {websocketUrl} once for each of these replies to its configuration
        | CONFIG_DENIED       |
        | CONFIG_MISSING      |
        | CONFIG_NOT_PROVIDED |
        | CONFIG_TIMEOUT      |
      Then the client reported each as a failure

    @id:WS-10
    Scenario: The upgrade is refused
      Given the client has talked on the socket {websocketUrl}
      When from now on each socket request meets
        """
        {"status": 403}
        """
      And the client tries to open the socket {websocketUrl}
      Then the client reported a failure

  Rule: No websocket is opened to a host whose certificate is bad

    Background:
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """

    @id:TLS-01 @unmeasured
    Scenario: An expired certificate
      Given the API alone speaks TLS, with a certificate that has expired
      When the client tries to open the socket {websocketUrl}
      Then the client opened no websocket

    @id:TLS-02 @unmeasured
    Scenario: Another host's certificate
      Given the API alone speaks TLS, with a certificate for another host
      When the client tries to open the socket {websocketUrl}
      Then the client opened no websocket

    @id:TLS-03 @unmeasured
    Scenario: A self-signed certificate
      Given the API alone speaks TLS, with a self-signed certificate
      When the client tries to open the socket {websocketUrl}
      Then the client opened no websocket

  Rule: The URL of a websocket is told to nobody with its token

    Background:
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """

    @id:WS-04
    Scenario: An upgrade fails
      Given each socket request meets
        """
        {"status": 403}
        """
      When the client tries to open the socket {websocketUrl}
      Then neither what the client printed nor its answer holds the URL with the token
