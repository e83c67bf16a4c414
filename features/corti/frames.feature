@judge:vendor
Feature: Corti speaks on websockets as RFC 6455 has it

  Background:
    Given each socket is configured with
      """
      {"primaryLanguage": "en"}
      """
    And the caller has logged in

  Rule: Frames of clients are masked

    @id:WSS-13 @must
    Scenario: A frame comes without a mask
      When the caller sends a frame on the socket /transcribe?tenant-name={tenant} in each of these ways
        | without a mask |
      Then the vendor ends the websocket

  Rule: A reserved bit, a reserved opcode and text that is not UTF-8 end a websocket

    @id:WSS-19 @must @id:WSS-28 @should
    Scenario: Frames that nobody may send
      When the caller sends a frame on the socket /transcribe?tenant-name={tenant} in each of these ways
        | with a reserved bit         |
        | with a reserved opcode      |
        | with text that is not UTF-8 |
        | with a ping of 126 bytes    |
        | with a ping in fragments    |
      Then the vendor ends the websocket each time

  Rule: What a client may send is answered as the protocol has it

    @id:WSS-23 @must @id:WSS-24 @must
    Scenario: The client closes
      When the caller sends a frame on the socket /transcribe?tenant-name={tenant} in each of these ways
        | with a close                |
        | with text that is not UTF-8 |
      Then the vendor closes with a code that may be sent, and ends the connection

    @id:WSS-25 @must
    Scenario: A message in fragments
      When the caller sends a frame on the socket /transcribe?tenant-name={tenant} in each of these ways
        | with the configuration              |
        | with the configuration in fragments |
      Then both are answered alike

    @id:WSS-26 @must @id:WSS-27 @must
    Scenario: Pings
      When the caller sends a frame on the socket /transcribe?tenant-name={tenant} in each of these ways
        | with a ping of 125 bytes |
        | with an empty ping       |
      Then each pong carries what its ping did, in a frame of the right form

  Rule: The configuration is looked at, and the end of a session is told

    @id:WSS-29 @must
    Scenario: A configuration that lacks its language
      When the caller sends a frame on the socket /transcribe?tenant-name={tenant} in each of these ways
        | with the configuration      |
        | with an empty configuration |
      Then the empty one is not accepted

    @id:WSS-35 @should @id:WSS-37 @should
    Scenario: A configuration is denied
      When the caller sends a frame on the socket /transcribe?tenant-name={tenant} in each of these ways
        | with an empty configuration |
      Then the vendor says why, and closes the websocket

    @id:WSS-36 @must
    Scenario: No configuration comes
      When the caller sends a frame on the socket /transcribe?tenant-name={tenant} in each of these ways
        | without a configuration |
      Then the vendor says so and closes

    @id:WSS-39 @must
    Scenario: A second configuration
      When the caller sends a frame on the socket /transcribe?tenant-name={tenant} in each of these ways
        | with the configuration twice |
      Then it is told that there is one, and the session goes on

    @id:WSS-34 @must
    Scenario: The client asks for what is left over
      Given a session on a socket is flushed with
        """
        {"type": "flush"}
        """
      When the caller sends a frame on the socket /transcribe?tenant-name={tenant} in each of these ways
        | with a flush |
      Then the vendor says that it was all, and the session goes on

    @id:WSS-30 @must @id:WSS-38 @must
    Scenario: The client ends its session
      Given a session on a socket is ended with
        """
        {"type": "end"}
        """
      When the caller sends a frame on the socket /transcribe?tenant-name={tenant} in each of these ways
        | with the end of the session |
      Then the vendor says so and closes

    @id:WSS-30 @must @id:WSS-38 @must
    Scenario: The client ends its session on the stream of an interaction
      Given the socket {websocketUrl} is configured with
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
      And a session on a socket is ended with
        """
        {"type": "end"}
        """
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """
      When the caller sends a frame on the socket {websocketUrl} in each of these ways
        | with the end of the session |
      Then the vendor says so and closes

  Rule: What becomes of a websocket whose token ends is told

    @id:WSS-15 @may
    Scenario: The token ends while its websocket is open
      When the caller sends a frame on the socket /transcribe?tenant-name={tenant} in each of these ways
        | after the end of the token |
      Then it is told what becomes of the websocket
