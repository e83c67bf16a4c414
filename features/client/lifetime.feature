@judge:client @needs:sample @needs:client
Feature: For how long a client takes a token to live, and when it renews

  Rule: The client reads the lifetime in the vendor's unit and renews before the end

    @id:EXP-01 @id:EXP-02 @id:EXP-03 @id:CLI-10 @id:COG-09 @measures
    Scenario: The client's margin and unit are measured
      When the client is measured
      Then the client renews early, and reads the lifetime in the vendor's unit

  Rule: Tokens have a default expiration time of 172,800 seconds (48 hours)

    @id:CLI-08 @documented
    Scenario: The client takes 48 hours where no field tells the lifetime
      Given the vendor's setting token_format is jwt_no_exp
      And the client has made 2 calls
      When the client's clock runs 172801 seconds ahead and it calls again
      And the vendor ends the client's token
      And the client makes 1 call
      Then the client took the documented lifetime

  Rule: The life of a token is counted by the client's own clock, from the sending of its request

    @id:EXP-07 @documented
    Scenario Outline: A vendor's clock ten minutes <way>
      Given the vendor's clock is 600 seconds <way>
      When the client makes 3 calls in turn
      Then the calls took one token request

      Examples:
        | way    |
        | ahead  |
        | behind |

    @id:EXP-08 @long
    Scenario: A token reply that is held back two seconds
      Given tokens go on working after their end
      And tokens live 3 seconds beyond the client's margin
      And the first token request meets
        """
        {"delay_ms": 2000}
        """
      When the client makes 1 call
      And the client makes 26 calls at most, one every 200 milliseconds, until it has fetched another token
      Then no token was shown after its end

    @id:CLI-14
    Scenario: The wall clock jumps
      Given tokens go on working after their end
      And tokens live 3600 seconds beyond the client's margin
      And the client has made 1 call
      When the client's wall clock is set 18000 seconds ahead and it calls
      And the client's wall clock is set 3600 seconds back and it calls thrice
      Then the client renewed after the jump, and made no storm after the jump back

  Rule: Short lives and failed renewals make no storm and fail no call

    @id:CLI-04
    Scenario Outline: Tokens of <seconds> seconds
      Given tokens live <seconds> seconds
      When the client makes 20 calls in turn, one every 50 milliseconds
      Then the client fetched no more tokens than it had to

      Examples:
        | seconds |
        | 1       |
        | 2       |
        | 5       |
        | 10      |
        | 30      |
        | 60      |

    @id:CLI-22
    Scenario: The renewal fails while the token still lives
      Given the first token will be inside the client's margin
      And the client has made 1 call
      When from now on each token request meets
        """
        {"status": 500, "body": "{}"}
        """
      And the token is inside the client's margin
      And the client makes 3 calls within 30 seconds
      Then three calls succeeded while the renewal failed

  Rule: An odd expires_in causes neither a crash nor a hot loop

    @id:EXP-06 @vendor:athelas @vendor:pattern @vendor:corti
    Scenario: The token endpoint tells odd lifetimes
      Given each of these is told as `expires_in` to an instance of its own
        | absent     |
        | null       |
        | 0          |
        | -1         |
        | 1          |
        | 300        |
        | 3600       |
        | "3600"     |
        | 3600.5     |
        | 3600.0     |
        | 1e3        |
        | 172800     |
        | 3600000    |
        | 2147483648 |
        | 9007199254740992 |
        | 1e400      |
        | "NaN"      |
      When each of them makes 2 calls in turn, and a second passes
      Then all calls were answered, and no instance asked in a loop

    @id:EXP-06 @vendor:scribe
    Scenario: The user pool tells odd lifetimes
      Given each of these is told as `ExpiresIn` in `AuthenticationResult` to an instance of its own
        | absent     |
        | null       |
        | 0          |
        | -1         |
        | 1          |
        | 300        |
        | 3600       |
        | "3600"     |
        | 3600.5     |
        | 3600.0     |
        | 1e3        |
        | 172800     |
        | 3600000    |
        | 2147483648 |
        | 9007199254740992 |
        | 1e400      |
        | "NaN"      |
      When each of them makes 2 calls in turn, and a second passes
      Then all calls were answered, and no instance asked in a loop

    @id:EXP-06 @vendor:athelas @vendor:pattern @vendor:corti
    Scenario: The token endpoint tells no lifetime
      Given each of these is told as `expires_in` to an instance of its own
        | absent |
        | null   |
        | ""     |
      When each of them makes 10 calls in turn
      Then no instance logged in for each call

    @id:EXP-06 @vendor:scribe
    Scenario: The user pool tells no lifetime
      Given each of these is told as `ExpiresIn` in `AuthenticationResult` to an instance of its own
        | absent |
        | null   |
        | ""     |
      When each of them makes 10 calls in turn
      Then no instance logged in for each call

  Rule: Where expires_in and the exp claim disagree the client acts on the earlier one, or recovers by one new token

    @id:EXP-09 @long
    Scenario: The token ends before its reply says so
      Given tokens live 3 seconds beyond the client's margin
      And each token request meets
        """
        {"edit": {"set": {"expires_in": 3600}}}
        """
      And the client has made 1 call
      When 3500 milliseconds pass, and the vendor ends the client's token
      And the client makes 1 call
      Then the call succeeded with at most one token request
