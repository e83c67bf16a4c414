@judge:vendor
Feature: Corti's people log in, and its tokens open what their scopes say

  Rule: A wrong resource owner password is answered with 400 invalid_grant

    # Three wrong ones, fewer than a lockout takes, and the right one behind each.
    @id:ERR-07 @must
    Scenario: A wrong password of a person
      Given a person has logged in
      When the person logs in in each of these ways, and rightly behind each
        | with another password                  |
        | with a beginning of the password       |
        | with the password in other letter case |
      Then the vendor refuses each wrong password with 400 invalid_grant

  Rule: A valid token without the needed permission gets 403

    @id:BRR-14 @should
    Scenario: A token without the scope openid at userinfo
      Given the caller has logged in and shown the token
      When the caller logs in in each of these ways
        | without scope |
      And the caller shows the token, which lacks openid, at userinfo
      Then it is refused with 403
