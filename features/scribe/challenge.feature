@judge:vendor
Feature: Scribe Labs asks for a new password

  Rule: You won't be able to access anything else until the temporary password has been changed

    @id:REF-06 @must
    Scenario: A temporary password gives a challenge, and its Session is no token
      Given the user has signed in
      And each token of the login has been used
      When a user with a temporary password signs in
      And the challenge's Session is used as a token
      Then the temporary password leads to the challenge NEW_PASSWORD_REQUIRED
      And the Session opens nothing that a token opens

  Rule: You can change it with the change_password method

    @id:VEN-29 @must
    Scenario: A chosen password takes the place of the temporary one
      When a user with a temporary password signs in
      And that user chooses a password and signs in with it
      And that user signs in with the temporary password again
      Then the vendor serves each of these
        | challenge |                          |
        | sign-in   | with the chosen password |
      And the vendor refuses each of these
        | sign-in | with the replaced password |

    @id:VEN-34 @must
    Scenario: A wrong present password changes nothing
      Given the user has signed in
      When the user changes the password, naming a wrong present one
      And the user signs in with the old password afterwards
      Then the vendor serves each of these
        | sign-in | with the old password afterwards |
      And the vendor refuses each of these
        | change | naming a wrong present one |

    @id:VEN-34 @must
    Scenario: The right present password sets the new one
      Given the user has signed in
      When the user changes the password, naming the right present one
      And the user signs in with the new password at the end
      And the user signs in with the old password at the end
      Then the vendor serves each of these
        | change  |                                  |
        | sign-in | with the new password at the end |
      And the vendor refuses each of these
        | sign-in | with the old password at the end |
