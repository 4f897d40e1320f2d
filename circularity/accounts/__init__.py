"""People and what they may act for: who somebody is (账户), for which organisation (成员), and with what key.

`people` a person 用户 · `passwords`, `second_factor` proofs of being that person 口令、动态口令 · `throttles`
back-off after wrong proofs 失败退避 · `logging_in`, `sessions` a signed-in browser 登录、会话 ·
`provider_identities`, `provider_attempts` log-ins of other providers 第三方登录 · `links` keys sent by mail
一次性链接 · `sign_up` a new organisation with its first owner 注册 · `standings`, `permit_lists`
verification by its authority 核验 · `memberships`, `invitations`, `delegations` people of an organisation
成员、邀请、授权 · `dormancy` sites that take no new business 休眠 · `api_tokens` keys of programs 访问令牌.
"""
