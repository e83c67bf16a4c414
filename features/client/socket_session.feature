@judge:client @vendor:corti
Feature: A client's sessions on websockets

  Rule: A session is opened as RFC 6455 says, configured, filled with audio and ended

    Background:
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """

    @id:WSS-01 @id:WSS-13 @id:WSS-16 @id:WSS-31 @id:WSS-32 @id:WS-06 @id:WS-07 @id:WS-08 @id:WS-09
    Scenario: Two sessions, one after the other
      When the client talks for a while on the socket {websocketUrl}
      And the client talks at length on the socket {websocketUrl}
      Then both went as the vendor's pages and RFC 6455 say
