@judge:vendor
Feature: Scribe Labs asks for a code of the authenticator

  Rule: Tokens come only when no further challenge has to be passed

    @id:COG-29 @id:COG-25 @must
    Scenario: A right code alone ends the login of an account with an authenticator
      When a user with a second factor signs in
      And the user signs in in each of these ways
        | with another password of the account with a second factor |
      And that user shows a code in each of these ways
        | altered in its first digit        |
        | altered in its last digit         |
        | of two minutes ago                |
        | without a code                    |
        | without a user name               |
        | with the Session of another user  |
        | with a forged Session             |
        | with a beginning of the Session   |
        | with a letter behind the Session  |
        | without a Session                 |
        | by another client                 |
        | with a new password for the code  |
      And that user signs in once more and shows the right code
      And that user shows a code in each of these ways
        | that was used before     |
        | with a used Session      |
        | with an outdated Session |
      Then the right code was taken once, and nothing else
