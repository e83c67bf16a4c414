@judge:vendor
Feature: Scribe Labs gives AWS credentials to logins of its user pool

  Rule: Any provided logins will be validated against supported login providers

    @id:COG-18 @must
    Scenario: An id token counts under the name of its own user pool alone, and no other token does
      Given the user has credentials for signed calls
      When the user asks for an identity and credentials in each of these ways
        | under another user pool                    |
        | under another region                       |
        | under a name that ends with its own        |
        | under a name that begins with its own      |
        | with the access token                      |
        | with the signature of the id token changed |
        | with a token that nobody issued            |
        | of another identity pool                   |
        | without Logins                             |
      Then the identity pool refuses each of these

  Rule: GetId generates or retrieves an identity

    @id:COG-19 @should @id:VEN-77 @must
    Scenario: An account keeps its identity from login to login
      Given the user has credentials for signed calls
      When the user signs in again and asks for an identity
      Then both logins have one identity

  Rule: Credentials are given for the identity of the login alone

    @id:COG-20 @must
    Scenario: Nobody gets credentials without a login, or of an identity that does not exist
      Given the user has credentials for signed calls
      When the user asks for credentials in each of these ways
        | without Logins                      |
        | with empty Logins                   |
        | for an identity that does not exist |
      Then the identity pool gives no credentials

    @id:COG-20 @must
    Scenario: Nobody gets credentials of another user's identity
      Given the user has credentials for signed calls
      When the user asks for credentials in each of these ways
        | for another user's identity |
      Then the identity pool gives no credentials

  Rule: Credentials are whole, end, and say when

    @id:COG-21 @must
    Scenario: Credentials have their three parts, and an Expiration ahead in epoch seconds
      Given the user has credentials for signed calls
      Then they have them, and end within a day

    @id:SIG-17 @must
    Scenario: Credentials sign nothing after their Expiration
      Given the user has credentials for signed calls
      And a signed call has been served
      When the credentials have ended, and the user makes a signed call with them
      Then the vendor refuses the ended credentials
