@judge:vendor
Feature: Corti agrees to upgrades as RFC 6455 has them

  Background:
    Given the caller has logged in
    When the caller asks for an upgrade of the socket /transcribe?tenant-name={tenant}

  Rule: A websocket opens only by a whole request for an upgrade

    @id:WSS-01 @must
    Scenario: A part of the request is missing
      When the caller asks for an upgrade of the socket /transcribe?tenant-name={tenant} in each of these ways
        | without Upgrade    |
        | without Connection |
        | without a key      |
        | without a version  |
        | without Host       |
        | by POST            |
        | over HTTP/1.0      |
      Then each is answered with an HTTP error

    @id:WSS-02 @must
    Scenario: The key is none
      When the caller asks for an upgrade of the socket /transcribe?tenant-name={tenant} in each of these ways
        | with a key of 10 bytes       |
        | with a key that is no base64 |
      Then each is answered with an HTTP error

    @id:WSS-03 @must
    Scenario: Another version is asked for
      When the caller asks for an upgrade of the socket /transcribe?tenant-name={tenant} in each of these ways
        | with version 12 |
        | with version 14 |
      Then it is refused with the version that the vendor speaks

    @id:WSS-06 @must
    Scenario: There is no such socket
      When the caller asks for an upgrade of the socket /transcribe?tenant-name={tenant} in each of these ways
        | on a path that nobody knows |
      And the caller asks for an upgrade of the socket /interactions/00000000-0000-4000-8000-000000000000/streams?tenant-name={tenant} for an interaction that does not exist
      And the caller asks for an upgrade of the socket /interactions/locum/streams?tenant-name={tenant} for an interaction that does not exist
      Then each is answered with an HTTP error

  Rule: What makes no difference is taken

    @id:WSS-17 @must
    Scenario: Upgrade and Connection in other spellings
      When the caller asks for an upgrade of the socket /transcribe?tenant-name={tenant} in each of these ways
        | with Upgrade: WebSocket              |
        | with Connection: upgrade             |
        | with Connection: keep-alive, Upgrade |
      Then each is agreed to

  Rule: The vendor selects nothing that was not offered

    @id:WSS-14 @must
    Scenario: A subprotocol that nobody knows
      When the caller asks for an upgrade of the socket /transcribe?tenant-name={tenant} in each of these ways
        | with a subprotocol offered |
      Then the answer names that subprotocol or none

    @id:WSS-18 @must
    Scenario: Extensions
      When the caller asks for an upgrade of the socket /transcribe?tenant-name={tenant} in each of these ways
        | with an unknown extension offered                          |
        | with permessage-deflate offered                            |
        | with permessage-deflate and client_max_window_bits offered |
      Then each answer names what was offered or nothing
