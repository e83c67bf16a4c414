@judge:client @vendor:corti
Feature: A client's websockets

  Rule: The access token is passed in the URL of a websocket

    Background:
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """

    @id:WSS-08 @id:BRR-09
    Scenario: The space travels as %20
      When the client opens the socket {websocketUrl}
      Then the space of the token parameter is written as %20

    @id:WSS-09
    Scenario: The token follows the word Bearer
      When the client opens the socket {websocketUrl}
      Then the token parameter starts with its prefix

    @id:WSS-10
    Scenario: The tenant of the returned URL stays
      When the client opens the socket {websocketUrl}
      Then the upgrade keeps the URL's tenant-name

    @id:WSS-11
    Scenario: The token is appended to the query that is there
      When the client opens the socket {websocketUrl}
      Then the token is one more parameter of the URL's query
