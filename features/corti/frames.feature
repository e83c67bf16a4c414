@judge:vendor
Feature: Corti ends websockets on frames that break the protocol

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

    @id:WSS-19 @must
    Scenario: Frames that nobody may send
      When the caller sends a frame on the socket /transcribe?tenant-name={tenant} in each of these ways
        | with a reserved bit         |
        | with a reserved opcode      |
        | with text that is not UTF-8 |
        | with a ping of 126 bytes    |
        | with a ping in fragments    |
      Then the vendor ends the websocket each time

  Rule: What becomes of a websocket whose token ends is told

    @id:WSS-15 @may
    Scenario: The token ends while its websocket is open
      When the caller sends a frame on the socket /transcribe?tenant-name={tenant} in each of these ways
        | after the end of the token |
      Then it is told what becomes of the websocket
