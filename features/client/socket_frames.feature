@judge:client @vendor:corti
Feature: A client and the frames of a websocket

  Rule: A message may come in fragments with a ping between them

    Background:
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """

    @id:WS-12
    Scenario: Messages come in three fragments, one of them empty
      Given the client has talked on the socket {websocketUrl}
      When from now on each socket request meets
        """
        {"interleave": true}
        """
      And the client tries to talk on the socket {websocketUrl}
      Then the client answered the ping and the session went on

  Rule: A close is answered with a close

    Background:
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """

    @id:WS-06 @unmeasured
    Scenario: The vendor ends the session
      Given the first socket request meets
        """
        {"close_ws": 1001, "after_messages": 1, "unprompted": true}
        """
      When the client tries to open the socket {websocketUrl}
      And 300 milliseconds pass
      And the client ends its session
      And 2200 milliseconds pass
      Then the client answered the close

  Rule: A frame that breaks the protocol fails the connection

    Background:
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """

    @id:WS-13
    Scenario Outline: The vendor sends a frame that is wrong: <frame>
      Given the client has talked on the socket {websocketUrl}
      When from now on each socket request meets
        """
        {"bad_frame": "<frame>", "body": "{\"type\":\"delta_usage\",\"credits\":0,\"note\":\"\"}", "after_messages": 1, "unprompted": true}
        """
      And the client tries to open the socket {websocketUrl}
      And 1000 milliseconds pass
      And the client ends its session
      Then the client had ended the connection

      Examples:
        | frame          |
        | masked         |
        | reserved_bit   |
        | unknown_opcode |
        | bad_utf8       |
