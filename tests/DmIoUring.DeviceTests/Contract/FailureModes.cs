namespace DmIoUring.DeviceTests.Contract;

/// <summary>What goes wrong in software like this, and on what it runs, mode by mode.</summary>
internal static class FailureModes
{
    private const string Ring = "Ring";
    private const string Transfer = "Transfer";
    private const string Contract = "Contract";
    private const string Lifetime = "Lifetime";
    private const string Callbacks = "Callbacks";
    private const string Device = "Device";
    private const string Durability = "Durability";

    public static IReadOnlyList<FailureMode> Rows { get; } =
    [
        new(
            Ring,
            "lost wake-up with SQPOLL",
            "SubmissionPollingTests.Submissions_WakeAThreadThatSleeps_AndNoneIsLost",
            "SubmissionPollingTests.AReactor_WakesAThreadThatSleeps",
            "KernelRingTests.AnEnterWithoutWait_ReachesTheKernel_WhenItHasWork"),
        new(
            Ring,
            "fork and exec: a child has rings, pages or descriptors",
            "InheritedTests.Ring_IsClosedOnExec_AndNotInAForkedChild",
            "InheritedTests.Pool_IsNotInAForkedChild",
            "InheritedTests.Device_IsClosedOnExec",
            "InheritedTests.WakeEvent_IsClosedOnExec"),
        new(
            Lifetime,
            "Thread.Interrupt while a lock is waited for",
            "InterruptedLockTests.EveryLock_HasARow",
            "InterruptedPoolLockTests.PagePool_DoesWhatItWasAskedFor_AndLosesNoPage",
            "InterruptedPoolLockTests.RequestPool_DoesWhatItWasAskedFor_AndLosesNoRequest",
            "InterruptedLockTests.CompletionsBehindTheInterrupt_AreNotDropped",
            "InterruptedLockTests.SynchronousWriteOverALane_WithinAReserve_GivesItsRequestBack"),
        new(
            Lifetime,
            "a reserve fails half way",
            "ReserveFailureTests.Growing_FailsAtAStep_NothingHasChanged",
            "ReserveFailureTests.Shrinking_WithoutMemoryForATable_GivesTheMemoryBackLater",
            "RequestReserveTests.Prepare_FailsHalfWay_ChangesNothing_AndReusesItsSlots"),
        new(Lifetime, "an awaited result that nobody takes", "ReserveTests.ResultThatNobodyTakes_IsCounted_UntilItIsTaken", "RequestReserveTests.WaitThatLasts_NamesTheResultsThatNobodyTook"),
        new(
            Ring,
            "lost wake-up of a lane",
            "InboxTests.ManyThreads_DeliverToASleepyOwner_InOrder_LosingNothing",
            "InboxTests.Deliver_OfSeveral_AsksForOneWakeUp_AndKeepsTheirOrderAmongOthers",
            "BatchTests.ABatch_WakesASleepingLaneOnce_AndABusyOneNever"),
        new(
            Ring,
            "index wrap at 2^32",
            "KernelRingTests.Entries_GoOnAcrossTheWrapOfTheIndices",
            "KernelRingTests.Completions_AreTakenInOrderAcrossTheWrapOfTheIndices"),
        new(
            Ring,
            "completion overflow on a tiny queue",
            "KernelRingTests.Nops_MoreThanTheQueueHolds_AllComplete",
            "IoEngineTests.Write_To64Regions_ThroughTwoSlots_NeverHasMoreInFlight",
            "StopTests.Cancels_OfManyChunks_NeverTakeMoreThanTheirPlacesInTheQueue"),
        new(
            Ring,
            "EINTR storm, during GC too",
            "InterruptedCallsTests.ReadsAndWrites_AreWhatTheyWere",
            "InterruptionTests.UnderAStormOfSignals_EveryRequestEndsRight",
            "InterruptionTests.UnderAStormOfCollections_EveryRequestEndsRight"),
        new(Ring, "EAGAIN or EBUSY after entries were published", "InterruptedCallsTests.ReadsAndWrites_AreWhatTheyWere"),
        new(Ring, "partial submit", "IoEngineTests.Enter_ThatTakesOnlyAPart_LosesNoEntry"),
        new(
            Ring,
            "queue full in the middle of a fan-out",
            "IoEngineTests.Write_To64Regions_ThroughTwoSlots_NeverHasMoreInFlight",
            "WriteTests.ARequestOfManyChunks_ArrivesWhole",
            "ReactorPollTests.MoreRequestsThanTheQueueTakes_AllEnd"),
        new(
            Ring,
            "completion with EAGAIN or EINTR",
            "IoEngineTests.ComeBackLater_IsTriedAgain_UntilItWorks",
            "IoEngineTests.ComeBackLater_ForEver_IsReportedAfterABoundedTime",
            "MediumErrorTests.WhatTheKernelItselfTriesAgain_IsNotSeen"),
        new(
            Ring,
            "stale completion of a reused slot",
            "IoEngineTests.Completion_OfAPieceThatHasEnded_IsIgnored",
            "IoEngineTests.Completion_OfAnEarlierTry_IsIgnored",
            "SimulationTests.SeedThatFoundABug_Holds"),
        new(
            Ring,
            "progress of a deferred ring only in enter",
            "StuckMediumTests.MoreRequestsThanAStuckDeviceTakes_HoldUpNobody_AndEndOnRelease",
            "StuckMediumTests.ASyncWriteWithAStuckLeg_ReturnsWhenItIsReleased",
            "ReactorPollTests.AStuckRequest_DoesNotHoldUpThoseThatWaitForAPlace"),
        new(
            Ring,
            "enter by the wrong thread",
            "KernelRingTests.Enter_ByAThreadThatDoesNotOwnTheRing_LosesIt",
            "ReactorOwnerTests.AnotherThread_IsRefused_WithBothThreadsNumbers_AndTheOwnerGoesOn"),
        new(
            Ring,
            "set-up refused",
            "RingSetupTests.RefusedFlags_ArePeeledOffOneByOne_AndTheReasonIsKept",
            "RingSetupTests.EinvalToEverything_EndsWithEinval",
            "RingSetupTests.Refusal_NamesTheCause",
            "ForbiddenIoUringTests.UnderASeccompFilter_TheClientSaysSo_AndReadsAndWritesAllTheSame",
            "ForbiddenOrNotTests.AClientThatInsistsOnIoUring_StartsOrThrowsWithTheCause",
            "RefusedResourcesTests.WithIoUringDisabledForTheUnprivileged_TheDiagnosisNamesTheSysctl",
            "RefusedResourcesTests.WithoutDescriptors_TheDiagnosisNamesThem"),
        new(
            Ring,
            "many rings against the limits",
            "SyncRingsTests.PastTheBound_ThereIsNoRing_UntilAThreadThatHasOneEnds",
            "PageRegistrationTests.PagesThatMayNotBePinned_TravelAsTheyAre_AndTheClientSaysWhy",
            "RefusedResourcesTests.WithoutDescriptors_AClientContinues_AndANewOneLeaksNothing",
            "RegisteredFilesTests.WithoutATable_DevicesTravelByTheirDescriptors_AndTheReasonIsKept",
            "HeldDeviceTests.MoreDevicesThanARingKnows_EachGetTheirOwnBytes"),
        new(
            Transfer,
            "short at and inside every segment",
            "ScatteredBufferTests.Vectors_CutShortAtAndInsideEverySegment_AreContinuedFromThere",
            "IoEngineTests.ShortTransfer_AtEveryBlockBoundary_IsContinuedFromThere",
            "ShortTransferTests.ReadsCutShortAtOddBytes_AreContinued_AndNotSeen",
            "ShortTransferTests.ShortWrites_AreContinued_WhereTheKernelTellsTheLength",
            "ShortTransferTests.AtTheFileSizeLimit_WritesAreCutShort_AndTheRestIsTooBig"),
        new(
            Transfer,
            "short with an unaligned rest",
            "IoEngineTests.ShortTransfer_WithAnOddRest_IsContinuedFromTheBoundaryBefore",
            "IoEngineTests.AlwaysLessThanABlock_FailsAfterABoundedNumberOfTries",
            "ShortTransferTests.AReadThatNeverGetsABlock_FailsThere_AfterABoundedNumberOfTries"),
        new(
            Transfer,
            "0 bytes in the middle",
            "IoEngineTests.Read_OfNothingInTheMiddle_FailsThereAndZeroesTheRest",
            "ShortTransferTests.AReadThatGetsNothing_Ended"),
        new(
            Transfer,
            "negative result reaches the caller",
            "MediumErrorTests.AMediumError_IsTheRegionsBitErrnoAndSector_UntilItIsOver",
            "MediumErrorTests.ALongRead_WithOneBadPiece_KeepsTheRest_AndZeroesThatPiece",
            "MediumErrorTests.PiecesThatTheKernelJoined_FailTogether_AndNoneTooMany",
            "MediumErrorTests.SwitchedOnAndOffUnderLoad_ItFailsExactlyTheRequestsThatItStruck"),
        new(
            Transfer,
            "segments that are no whole blocks, where the kernel wants them so",
            "SegmentRuleTests.OddPieces_ArriveWhole_ForWhateverRule",
            "SegmentRuleTests.RegisteredPages_FromAnOffsetOn_AreNotCutInsideBlocks",
            "SegmentProbeTests.ABlockDevice_SaysWhatTheKernelDoes",
            "BufferTests.AnyShape_IsWrittenAndReadBack_AndNothingAroundChanges"),
        new(
            Transfer,
            "an end inside a block",
            "IoEngineTests.AlwaysLessThanABlock_FailsAfterABoundedNumberOfTries",
            "FileLengthTests.ADirectReadThatMeetsAnEndInsideABlock_FailsThere",
            "UnaskedAlignmentTests.AnImageOfNoWholePages_IsReadAndWrittenToItsEnd"),
        new(
            Transfer,
            "a handle whose writes go elsewhere (O_APPEND)",
            "BlockDeviceFromHandleTests.AHandleWithAModeThatChangesTransfers_IsRefusedByName"),
        new(
            Transfer,
            "a zone that is written in order",
            "WholeWriteTests.AZoneThatIsWrittenInOrder_TakesOnePieceOrSaysWhy",
            "WholeWriteTests.EioOfAWriteToSuchAZone_SaysThatItMayBeTheWritePointer"),
        new(
            Transfer,
            "more than 1,024 segments",
            "BufferTests.ThreeThousandVectors_BackToFront_AreWrittenAndReadBack",
            "ScatteredBufferTests.Vectors_PastTheKernelsLimit_AreSplitAtBlocks_AndWritten"),
        new(
            Transfer,
            "more than 0x7ffff000 bytes",
            "LargeReadTests.MoreThan2GiB_ThroughOneBuffer",
            "LargeReadTests.MoreThan2GiB_ThroughVectors"),
        new(
            Transfer,
            "region beyond the end",
            "WriteTests.BeyondTheEnd_FailsWithoutIo_AndSiblingsAreWritten",
            "ReadTests.BeyondTheEnd_FailsWithoutIo_AndLeavesZeroes"),
        new(
            Transfer,
            "device shrunk under way",
            "LostMediumTests.ADeviceThatShrinks_IsWrittenUpToItsEnd_AndWholeWhenRegrown",
            "FileLengthTests.PastTheEndOfAFileThatWasCut_ReadsZeroesAndDiscardsFail",
            "ReadTests.ADeviceThatEndedMeanwhile_KeepsWhatCame_AndSaysWhereItEnded"),
        new(
            Contract,
            "bit 63, all bits, each bit alone",
            "WriteTests.To64Regions_TheLastFails_Bit63Survives",
            "WriteTests.To64Regions_AllFail_SetsEveryBit",
            "MediumErrorTests.OfThreeLegs_OnlyThoseThatFail_HaveTheirBit_WhicheverTheyAre"),
        new(
            Contract,
            "a request object's life before shows in the next",
            "ReactorRequestTests.RequestsOfEveryKind_OneAfterTheOther_EachGetTheirOwnResult",
            "ReactorRequestTests.AfterTheFastPath_ACopyWithoutPages_IsRefused",
            "MisuseTests.MemoryThatIsGone_IsRefused_OfARequestOfTheFastPathInItsLifeBefore_Too",
            "RequestFreeListTests.APlaceThatIsUsedAgain_IsItsNewRequests",
            "SimulatedMutationTests.EngineWithABug_FailsWithinAMinute"),
        new(Contract, "zero-count region keeps its index", "WriteTests.ARegionOfNothing_IsSkipped_AndKeepsItsIndex"),
        new(
            Contract,
            "one callback even if submitting fails midway",
            "IoEngineTests.Region_RefusedBeforehand_IsNotIssuedAndItsSiblingsAre",
            "SimulationTests.FixedSeeds_Hold_AndCoverEverything",
            "BatchTests.OneThatCantBeMeantSo_IsRefused_AndNoneIsSubmitted",
            "BatchTests.ADisposedDeviceAmongThem_RefusesAll_AndFreesTheOthers"),
        new(
            Contract,
            "preflush before any data",
            "FlagsAndOperationsTests.Preflush_EndsOnARegionBeforeItsDataIsIssued",
            "FlushFaultTests.APreflush_HasEndedOnEachDevice_BeforeItsDataComes",
            "FlushFaultTests.OneDevicesSlowFlush_DoesNotHoldUpTheDataOfTheOther"),
        new(
            Contract,
            "flush failure remembered",
            "FlagsAndOperationsTests.FailedPreflush_IssuesNoDataToThatRegion_AndIsRemembered",
            "FlushFaultTests.APreflushThatFails_LetsNoneOfItsRegionsDataThrough",
            "FlushFaultTests.AFlushThatFails_IsItsRegionsBit",
            "FlushFaultTests.FuaWhoseFlushFails_IsTheRegionsBit_ThoughTheDataWasWritten"),
        new(
            Contract,
            "unsupported on one leg only",
            "WriteTests.OffTheLogicalBlock_IsUnsupported_AndSiblingsAreWritten",
            "OperationTests.Discard_WhereADeviceHasNone_IsUnsupportedThereOnly"),
        new(
            Contract,
            "read zero-filled after failure",
            "ReadTests.AFailedRead_LeavesZeroes",
            "IoEngineTests.Read_OfWhichOnePieceFails_ZeroesThatPieceAlone",
            "ScatteredBufferTests.Vectors_OfAFailedRead_AreZeroedPieceByPiece"),
        new(
            Contract,
            "different counts a region",
            "WriteTests.EveryRegion_TakesItsOwnCount_FromTheBuffersStart",
            "IoEngineTests.Regions_WithDifferentCounts_EachStartAtTheBuffersBeginning"),
        new(
            Lifetime,
            "cancel loses the race",
            "StuckDeviceTests.Cancels_ThatRaceWithTheEnd_LoseNothing",
            "StuckMediumTests.CancelledOnAStuckDevice_TheMediumAgreesWithTheResult",
            "StopTests.TimeLimit_ThatLosesAgainstTheDevice_LeavesTheSuccess"),
        new(
            Lifetime,
            "dispose in flight",
            "DisposeTests.Dispose_ReturnsWhenEveryCallbackHasRun",
            "DisposeTests.RequestsThatRaceWithDispose_AreServedOrRefused_AndNeverLost",
            "ReactorDisposeTests.WhenItReturns_EveryCallbackHasRun",
            "HeldDeviceTests.SubmittersThatRaceWithDispose_AreServedOrRefused"),
        new(
            Lifetime,
            "dispose with stuck I/O",
            "StuckDisposeTests.Dispose_GivesUpAfterItsLimit_AndNamesTheRequests",
            "StuckDisposeTests.DisposeAsync_GivesUpAfterItsLimit_Likewise",
            "StuckDisposeTests.MemoryOfAStuckRequest_IsNotFreedUnderTheKernel",
            "StuckDisposeTests.ALaneThatACallbackHolds_IsCountedAndNotWaitedFor",
            "ReactorDisposeTests.WithAStuckDevice_ItGivesUpAtItsLimit_AndNamesTheRequests"),
        new(
            Lifetime,
            "dispose twice",
            "DisposeTests.Dispose_Twice_AndFromManyThreads_IsFine",
            "ReactorDisposeTests.Twice_OrNeverUsed_IsFine"),
        new(
            Lifetime,
            "dispose in a callback",
            "CallbackTests.ACallback_MayDisposeTheClient",
            "CallbackTests.ACallbackThatDisposesTheClient_LeavesNoOtherRequestBehind",
            "ReactorDisposeTests.InACallback_ItRefusesAtOnce_AndEndsAfterEveryCallback",
            "ReactorDisposeTests.ACallbackThatItRuns_MayNotSubmit_NorPoll_AndMayDisposeAgain"),
        new(
            Lifetime,
            "dispose from a finalizer, or never",
            "FinalizedClientTests.AClientThatNobodyCanReach_EndsItsLanes_AfterWhatIsUnderWay",
            "FinalizedClientTests.AClientThatItsOwnerDisposesInAFinalizer_Ends",
            "FinalizedClientTests.AClientWhosePoolIsInUse_StaysAlive",
            "ResidueTests.ADisposedClient_IsCollected_ThoughAThreadLivesOnThatUsedIt"),
        new(
            Lifetime,
            "handle closed and its number reused in flight",
            "ReusedDescriptorTests.TheHandleClosedInFlight_ItsNumberReused_HarmsNeither",
            "BlockDeviceFromHandleTests.TheHandleClosedByItsOwner_OutlivesRequests_RefusesNewOnes",
            "DisposeTests.ADeviceDisposedWithRequestsUnderWay_ClosesAfterTheLast",
            "HeldDeviceTests.DisposedInFlight_ItClosesWhenTheRequestHasEnded",
            "HeldDeviceTests.DisposedWithNothingInFlight_ItIsClosedAtOnce",
            "HeldDeviceTests.ANumberThatIsUsedAgain_NeverLeadsToTheDeviceBefore",
            "RegisteredFilesTests.ASlotThatIsUsedAgain_NamesItsNewDevice",
            "DeviceTableTests.WhoAsksWhileTheOwnerLooks_IsAnsweredByTheNextLook"),
        new(
            Lifetime,
            "buffer's owner gone",
            "ReserveTests.Pages_InFlight_CantBeReturned_NorReturnedTwice_NorUsedAfterwards",
            "RequestMemoryTests.AnyMemory_IsItsBytes_AndIsReleased_AndTheHoldingsAreUsedAgain",
            "ReactorRequestTests.AfterTheFastPath_DisposedMemory_IsRefused_AndTheDeviceReleased",
            "InterruptionTests.UnderAStormOfCollections_EveryRequestEndsRight"),
        new(Lifetime, "client not yet visible to its own thread at start", "DisposeTests.AClientThatNeverDidAnything_EndsAtOnce"),
        new(Lifetime, "submitting thread gone", "ThreadTests.ThreadsThatEndAsSoonAsTheySubmitted_LoseNothing"),
        new(
            Callbacks,
            "throwing",
            "CallbackTests.ACallbackThatThrows_IsReportedOnce_AndTheClientGoesOn",
            "CallbackTests.AHandlerThatThrowsItself_StopsNothing",
            "ReactorPollTests.ACallbackThatThrows_IsReportedOnce_AndTheOthersRun"),
        new(Callbacks, "blocking", "CallbackTests.ACallbackThatBlocks_ShowsInTheStatistics"),
        new(
            Callbacks,
            "re-entrant",
            "CallbackTests.ACallback_MaySubmit_AThousandDeep",
            "ReactorPollTests.WhatACallbackSubmits_GoesWithTheNextPoll",
            "ReactorPollTests.InACallback_ItIsRefused_AndThePollThatRunsTheCallbackGoesOn"),
        new(
            Callbacks,
            "submitting on a full pool",
            "CallbackTests.ACallback_MaySubmitMoreThanTheQueueTakes",
            "ReserveTests.ACallback_SubmittingPastTheReserve_GetsOverdrafts"),
        new(
            Callbacks,
            "synchronous call inside",
            "CallbackTests.ASynchronousCallInACallback_IsServed",
            "CallbackTests.ASyncCallInACallback_OnlyItsLaneCouldServe_IsRefused"),
        new(
            Device,
            "slow",
            "StuckMediumTests.ASlowDevice_DelaysNobodyElse_AndEveryRequestEndsOnce"),
        new(
            Device,
            "stuck",
            "StuckMediumTests.TheTimeLimit_SetsTheRegionsBit_AndTheRestIsNeverIssued",
            "StuckDeviceTests.ACancelledWrite_EndsOnlyWhenTheDeviceReleasesItsBuffer",
            "GuardTests.KilledWithAStuckWrite_AProcessEnds_AndLeavesNothing"),
        new(Device, "backing file truncated", "LostMediumTests.ATruncatedBackingFile_FailsReadsPastItsEnd_UntilAWriteMakesItGrow"),
        new(
            Device,
            "full",
            "LostMediumTests.AFullBackingStore_IsNoSpace_AndFineWhenThereIsSomeAgain",
            "LostMediumTests.ARamDiskAtItsLimit_FailsWhatDoesNotCompress_UntilItIsRaised"),
        new(Device, "detached in flight", "LostMediumTests.ADeviceDetachedInFlight_StaysUntilItsLastUserIsGone"),
        new(
            Device,
            "gone for good",
            "LostMediumTests.AFileSystemShutDown_FailsItsDevices_AndNoOther",
            "LostMediumTests.AMediumThatDies_FailsWhatIsInFlight_AndAllThatComes"),
        new(
            Device,
            "read-only",
            "WriteTests.ADeviceMadeReadOnlyUnderTheClient_FailsAsTheKernelSays",
            "WriteTests.ADeviceOpenedForReading_FailsItsRegionWithoutIo"),
        new(Device, "4K-native", "WriteTests.OffTheLogicalBlock_IsUnsupported_AndSiblingsAreWritten"),
        new(
            Durability,
            "process killed",
            "KilledWriterTests.AfterSigkill_EveryAcknowledgedRecordIsThere_Whole"),
        new(
            Durability,
            "power cut",
            "PowerCutTests.WhatFuaAndFlushAcknowledged_IsThere_TheRestTornBySectors",
            "PowerCutTests.WithoutPower_EveryLegFails_AndTheClientGoesOnWhenItIsBack"),
        new(Durability, "FUA acknowledged before its flush", "FlushFaultTests.Fua_IsAllWritesAndThenOneFlush_BeforeTheResult"),
    ];
}
