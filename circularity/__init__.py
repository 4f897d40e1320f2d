"""What is true and what is lawful: the registry, the rules, the facts. No HTTP, no solver.

Rooms, each importing only those before it (a contract in CI says so): `errors`, `units`, `geography`,
`database`, `audit`, `migrations` the ground · `catalogue` reference data by day · `acceptance` the rules of
lawfulness · `policy` who may do what · `organisations`, `accounts` who people are · `registry` what is
offered · `whitelist` what is listed · `runs` stored matching advice · `deals` what is agreed · `ledger` the
mass ledger and the monthly books · `custody` what moves · `forms` the national forms · `rates` the
utilisation rates.

Glossary (the class names are these words):

    Organisation 单位 · Site 场所 · WasteType 废物类别 · Stream 废物流
    Operation 利用处置方式 · Region 行政区
    Target 目标值 · Output 产出(待匹配批次)· Facility 设施
    Entitlement 接收资格(许可证、环评批复等)
    EntitlementLine 资格明细(代码 × 方式 × 年限额)· CapacityWindow 产能时段
    WhitelistEntry 白名单条目 · Application 白名单申报 · Appeal 申诉 · QuotaMove 限额变动
    Procedure 手续(备案、审批)· Case 案例 · Pair 配对 · Arc 可行配对 · Exclusion 排除 · Rule 规则
    Verdict 合规预检结论 · Level 目标层级 · Allocation 分配 · DualPrice 影子价格 · Certificate 最优性证书
    MatchingRun 撮合批次 · Proposal 撮合建议 · Unmatched 未匹配 · Agreement 协议 · Transfer 转移
    Signature 签署 · Receipt 接收 · Treatment 处理 · MassAccount 物料账户 · MassEntry 物料分录
    UtilisationRate 综合利用率 · AuditEvent 审计事件 · User 用户 · Membership 成员身份 · Standing 核验状态
    Invitation 邀请 · ApiToken 访问令牌 · Throttle 失败退避
"""
