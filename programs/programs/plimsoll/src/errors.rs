//! Why an instruction was refused. Codes are part of the interface: new ones are added at the end.
use anchor_lang::prelude::*;

#[error_code]
pub enum Fail {
    #[msg("a number leaves its range")]
    Overflow,
    #[msg("the exchange is paused, halted or frozen")]
    NotActive,
    #[msg("only while the exchange is frozen")]
    NotFrozen,
    #[msg("not while the exchange is frozen")]
    AlreadyFrozen,
    #[msg("the signer is not the operator")]
    WrongOperator,
    #[msg("the signer is not the co-signer")]
    WrongCoSigner,
    #[msg("the signer is not the administrator")]
    WrongAdmin,
    #[msg("the signer is not the owner of the row")]
    WrongOwner,
    #[msg("operator, co-signer and administrator must be three keys")]
    KeysNotApart,
    #[msg("the account belongs to another exchange")]
    WrongExchange,
    #[msg("the token account has another mint")]
    WrongMint,
    #[msg("not the vault of the exchange")]
    WrongVault,
    #[msg("not the account that was named before")]
    WrongDestination,
    #[msg("a limit is out of its bounds")]
    BadLimits,
    #[msg("the market's terms cannot be right")]
    BadMarket,
    #[msg("markets are added in the order of their slots")]
    WrongSlot,
    #[msg("not the account of that market")]
    WrongMarket,
    #[msg("the market is not open yet")]
    MarketNotOpen,
    #[msg("pages are made in the order of their numbers")]
    WrongPageNumber,
    #[msg("the page is not given, not grown, or of another exchange")]
    PageMissing,
    #[msg("no user has this row")]
    UnknownUser,
    #[msg("the row belongs to another owner")]
    RowTaken,
    #[msg("the amount must be above zero")]
    ZeroAmount,
    #[msg("not enough is free to leave")]
    NotEnoughFree,
    #[msg("the bytes of the batch are malformed")]
    BadBatch,
    #[msg("the batch does not follow the last one")]
    SequenceGap,
    #[msg("a later batch than this one was settled")]
    BatchIsOld,
    #[msg("the batch follows another history")]
    WrongPreviousHash,
    #[msg("the lots of the market do not sum to zero")]
    LotsNotZero,
    #[msg("money is made or lost")]
    MoneyNotZero,
    #[msg("realised profit is not what the clearing account pays")]
    ClearingMismatch,
    #[msg("realised profit does not follow from the entry values")]
    RoundingDust,
    #[msg("a fill's price is outside of the band around the oracle's")]
    PriceOutsideBand,
    #[msg("accounts gain more than prices within the band allow")]
    GainTooLarge,
    #[msg("more was traded than a batch may hold")]
    NotionalCap,
    #[msg("fees or payments are larger than allowed")]
    PaymentsTooLarge,
    #[msg("fees or insurance would be below zero")]
    PurseBelowZero,
    #[msg("a position's size and entry value do not fit")]
    BadPosition,
    #[msg("not a price of the expected oracle, feed and level")]
    BadPrice,
    #[msg("the price is too old, from the future, or older than one used before")]
    StalePrice,
    #[msg("the price is too uncertain")]
    UncertainPrice,
    #[msg("the price leaps too far from the market's average")]
    PriceLeap,
    #[msg("prices of the row's markets are missing")]
    PriceMissing,
    #[msg("the owner's signature over this authorisation is missing")]
    NotAuthorised,
    #[msg("the authorisation has expired or lasts too long")]
    Expired,
    #[msg("the nonce was used, or a later one was")]
    NonceUsed,
    #[msg("the stage is in use, too small or empty")]
    StageState,
    #[msg("not the staged bytes")]
    StageMismatch,
    #[msg("the delay is not over")]
    TooEarly,
    #[msg("the time to apply the change is over")]
    TooLate,
    #[msg("what was asked for cannot be had at present, so it is not overdue")]
    NotServable,
    #[msg("all that was asked for can be had")]
    Servable,
    #[msg("the exit price is fixed")]
    ExitPriceFixed,
    #[msg("exit prices or the tally are not complete")]
    ExitNotReady,
    #[msg("the row has left")]
    AlreadyEscaped,
    #[msg("fees of a day above the cap")]
    SweepCap,
    #[msg("not the account of that change")]
    WrongChange,
    #[msg("the two rows do not have one owner")]
    OwnersDiffer,
    #[msg("the transfer does not follow the row's last one")]
    TransferGap,
}
