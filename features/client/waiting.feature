@judge:client @needs:sample @needs:client @unmeasured
Feature: How long a client waits before it tries again

  Rule: Two 5xx of the token endpoint are overcome by at most five attempts with growing gaps

    @id:RET-09 @gaps
    Scenario: The token endpoint fails twice
      Given 3 clients apart, where the first 2 token requests meet
        """
        {"status": 503}
        """
      When each of them makes 1 call within 30 seconds, begun 400 milliseconds apart
      Then each call succeeded, and the gaps between its token requests grew

  Rule: Without Retry-After the gaps between attempts on 5xx grow

    @id:RET-13 @gaps
    Scenario: The API fails twice
      Given 3 clients apart, where the first 2 API requests meet
        """
        {"status": 503}
        """
      When each of them makes 1 call within 30 seconds, begun 400 milliseconds apart
      Then the gaps between the attempts of each call grew

  Rule: After Retry-After the client waits at least that long

    @id:RET-10
    Scenario: Two seconds
      Given the first API request meets
        """
        {"status": 429, "headers": {"Retry-After": "2"}}
        """
      When the client makes 1 call
      Then the second request came no sooner than asked for

    @id:RET-18
    Scenario: Two seconds at the token endpoint
      Given the first token request meets
        """
        {"status": 503, "headers": {"Retry-After": "2"}}
        """
      When the client makes 1 call
      Then the second token request came no sooner than asked for

    @id:RET-18 @vendor:athelas
    Scenario: Two seconds at a token endpoint that throttles
      Given the first token request meets
        """
        {"status": 429, "headers": {"Retry-After": "2"}}
        """
      When the client makes 1 call
      Then the second token request came no sooner than asked for

    @id:RET-11 @long
    Scenario: A date
      Given 1 client apart, where the first API request meets
        """
        {"status": 429, "headers": {"Retry-After": "2"}}
        """
      And the first API request is answered with 429 and a date 4 seconds ahead
      When the client and each of them make 1 call within 10 seconds
      Then the second request came no sooner than asked for

    @id:RET-12
    Scenario: A day
      Given each API request meets
        """
        {"status": 429, "headers": {"Retry-After": "86400"}}
        """
      When the client makes 1 call within 5 seconds
      Then the call ended, and no second request came soon

  Rule: Wait a few seconds and retry

    @id:CLI-15 @long
    Scenario: A 429 that names no time
      Given each API request meets
        """
        {"status": 429}
        """
      When the client makes 1 call
      Then the client waited before each further request and gave up
