@judge:client @needs:sample @needs:client
Feature: What a client makes of the token reply

  Rule: token_type is compared without regard to case, and the scheme is written as Bearer

    @id:RSP-04
    Scenario Outline: A token of type <type> is sent as Bearer
      Given each token reply meets
        """
        {"edit": {"set": {"token_type": "<type>"}}}
        """
      When the client makes 1 call
      Then its Authorization starts with Bearer and one space

      Examples:
        | type   |
        | bearer |
        | Bearer |

  Rule: A client must not use a token whose type it does not know

    @id:RSP-05
    Scenario: A token of type mac is not used
      Given each token reply meets
        """
        {"edit": {"set": {"token_type": "mac"}}}
        """
      When the client makes 1 call
      Then no API request carries that token

  Rule: Members that a client does not know are ignored, and members stand in any order

    @id:RSP-11
    Scenario: Unknown members of every type change nothing
      Given each token reply meets
        """
        {"edit": {"set": {"not-before-policy": 1795514400, "refresh_expires_in": 0,
          "x_text": "", "x_number": 1.5, "x_true": true, "x_null": null, "x_list": [1, [2], {}],
          "x_object": {"access_token": "other", "deep": {"er": []}}}}}
        """
      When the client makes 1 call
      Then the call goes out with the token

    @id:RSP-19
    Scenario: The token comes last
      Given each token reply meets
        """
        {"edit": {"reverse": true}}
        """
      When the client makes 1 call
      Then the call goes out with the token

  Rule: A token has the size and the form that the vendor gives it

    @id:RSP-17
    Scenario: A token of 8 KiB arrives whole
      Given the vendor's setting token_padding is 5900
      When the client makes 1 call
      Then the call goes out with the whole token

    @id:EXP-05
    Scenario: A token that is no JWT is as good
      Given the vendor's setting token_format is opaque
      When the client makes 1 call
      Then the call goes out with the token

    @id:JWT-22
    Scenario Outline: The aud is <aud>, and the header's JSON has spaces
      Given the vendor's setting access_aud is the list <aud>
      When the client makes 1 call
      Then the call goes out with the token

      Examples:
        | aud            |
        | account        |
        | account, other |

    @id:JWT-23
    Scenario Outline: The key is picked by kid and use, whatever stands first
      Given the vendor's setting certs_order is <order>
      And the client has made 1 call
      When the vendor changes its signing key
      And the vendor ends the client's token
      And the client makes 2 calls in turn
      Then the calls go on

      @vendor:corti
      Examples:
        | order            |
        | signing_first    |
        | encryption_first |

    @id:JWT-23 @vendor:scribe
    Scenario: The key is picked by kid
      Given the client has made 1 call
      When the vendor changes its signing key
      And the vendor ends the client's token
      And the client makes 2 calls in turn
      Then the calls go on

  Rule: A reply is read to its end, whatever its framing, coding and media type

    @id:RSP-25
    Scenario Outline: The token reply leaves <how>
      Given each token reply meets
        """
        <then>
        """
      When the client makes 1 call
      Then the call goes out with the whole token

      Examples:
        | how               | then                        |
        | in chunks         | {"framing": "chunked"}      |
        | byte by byte      | {"framing": "byte_by_byte"} |
        | in gzip if wanted | {"coding": "gzip"}          |

      @vendor:athelas @vendor:pattern @vendor:corti
      Examples:
        | how            | then                                                                    |
        | with a charset | {"edit": {"headers": {"Content-Type": "application/json;charset=UTF-8"}}} |

      @vendor:scribe
      Examples:
        | how            | then                                                                               |
        | with a charset | {"edit": {"headers": {"Content-Type": "application/x-amz-json-1.1;charset=UTF-8"}}} |
