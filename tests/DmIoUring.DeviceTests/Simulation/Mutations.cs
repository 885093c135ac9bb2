using System.Globalization;

namespace DmIoUring.DeviceTests.Simulation;

/// <summary>
/// Bugs that an engine of this kind has had somewhere, each a few words of the source. When the source changes under one, its
/// test says so, and it has to be rewritten, not dropped.
/// </summary>
internal static class Mutations
{
    private const string Cut = "Engine/IoEngine.Split.cs";
    private const string Dispatch = "Engine/IoEngine.Dispatch.cs";
    private const string Aside = "Engine/IoEngine.SystemCalls.cs";
    private const string Inline = "Engine/IoEngine.Inline.cs";
    private const string Flush = "Engine/IoEngine.Flush.cs";
    private const string RegionRules = "Engine/RegionRules.cs";
    private const string Fill = "Engine/IoEngine.Fill.cs";
    private const string Fixed = "Engine/IoEngine.Fixed.cs";
    private const string Stop = "Engine/IoEngine.Stop.cs";
    private const string Request = "Engine/Request.cs";
    private const string Durability = "Engine/Request.Durability.cs";
    private const string Rules = "Engine/RetryRules.cs";
    private const string Buffer = "Engine/RequestBuffer.cs";
    private const string Start = "Engine/IoEngine.FastPath.cs";
    private const string Awake = "Drivers/AwakeWait.cs";
    private const string Client = "Submission/ClientSubmission.cs";
    private const string Admission = "Submission/Admission.cs";
    private const string Engine = "Engine/IoEngine.cs";
    private const string Completion = "Engine/Request.Completion.cs";
    private const string Holdings = "Engine/RequestMemory.cs";
    private const string Spares = "Engine/RequestFreeList.cs";
    private const string Chunk = "Engine/Chunk.cs";
    private const string Devices = "Devices/DeviceTable.cs";
    private const string Pool = "Engine/RequestPool.cs";
    private const string Growth = "Memory/PagePool.Reserve.cs";
    private const string Memory = "Memory/PagePool.cs";
    private const string HostMemory = "Memory/HostExtentSource.cs";
    private const string Registry = "Memory/ExtentRegistry.cs";
    private const string Lock = "Threading/UninterruptedLock.cs";
    private const string InterruptedLocks = "DeviceTests.Threading.InterruptedLockTests.";
    private const string InterruptedPools = "DeviceTests.Threading.InterruptedPoolLockTests.";

    public static IReadOnlyList<Mutation> All { get; } =
    [
        new("A short transfer counts as a whole one", Rules, "RetryAction.Continue, advance)", "RetryAction.Done, length)"),
        new("A short transfer goes on from inside a block", Rules, " & ~((uint)alignment - 1)", ""),
        new("EAGAIN counts as success", Rules, "        int errno = (int)-result;", "        int errno = (int)-result; if (errno == Errno.EAGAIN) return new(RetryAction.Done, length);"),
        new("EINTR is not tried again", Rules, "Errno.EAGAIN or Errno.EINTR => RetryOrFail(", "Errno.EAGAIN => RetryOrFail("),
        new("A busy device is tried for ever", Rules, "if (attempts >= MaxAttempts)", "if (attempts > byte.MaxValue)"),
        new("The bits are off by one", Request, "ulong bit = 1ul << region;", "ulong bit = 1ul << (region + 1);"),
        new("Unsupported counts as failed", Request, "if (RetryRules.IsUnsupported(errno) && ", "if (errno < 0 && "),
        new("The first failure is the earliest", Request, "|| region < _first.Region", "|| region < 0"),
        new("FUA is lost", Request, "? FileAbi.RWF_DSYNC : 0u)", "? 0u : 0u)"),
        new("A region's own buffer offset is ignored", Request, "Buffer.Seek(region.BufferOffset - _copyStart)", "Buffer.Seek(0)"),
        new("What a stopped read did not reach is not zeroed", Request, "            Buffer.Clear(leg.Buffer, leg.Remaining);", "            ;"),
        new("A device is held after the end", Request, "                next.Device.Release();", "                { }"),
        new("Segments stay pinned after the end", Holdings, "                _segments!.Release();\n", ""),
        new("A request ends before its last chunk", Dispatch, "if (--request.Pending != 0)", "if (--request.Pending > 1)"),
        new("A late completion of a used place is believed", Dispatch, "if (chunk->Generation != generation)", "if (_owners[index] is null)", "UnitTests.Engine.StaleCompletionTests.OfASlotThatIsUsedAgain_IsIgnored"),
        new("A late completion of a discard is believed while the ioctl runs", Aside, "chunk->Generation++;", ""),
        new("A misaligned read is not copied back", Dispatch, "copyBack: chunk->Kind == ChunkKind.Read);\n        if (chunk->Kind == ChunkKind.Flush)", "copyBack: false);\n        if (chunk->Kind == ChunkKind.Flush)"),
        new("A failed read is not zeroed", Dispatch, "                ZeroRest(chunk, request);", "                ;"),
        new("A failed preflush lets the data through", Flush, "        FailFlush(request, region, errno, cause);\n        if (!Leads", "        request.Legs[region].Stage = LegStage.Data;\n        SplitAgain(request, region);\n        if (!Leads"),
        new("A flush joins one that has begun", Flush, "if (group.Turn == FlushGroup.NotIssued || group.Turn == _turn)", "if (group.Turn >= FlushGroup.NotIssued)"),
        new("A failed flush leaves no doubt", Flush, "            request.Legs[region].Device.Durability.FlushFailed(errno);\n        FailFlush", "            { }\n        FailFlush"),
        new("A failed FUA write leaves no doubt", Dispatch, "                NoteFailedWrite(chunk, request, errno, cause);", "                ;"),
        new("What was in flight when a flush failed seems durable", Durability, "leg.DependsOnFlush && leg.Device.Durability.FailedFlushes != leg.FailedFlushes", "leg.DependsOnFlush && leg.Start < 0"),
        new("Whoever shared a failed flush seems durable", Flush, "        FailJoined(joined, slot, errno, cause);", "        while (!joined.IsEmpty)\n            EndJoined(joined.RemoveFirst(), slot);"),
        new("Whoever waits for a flush that was cancelled waits for ever", Flush, "            FlushNotCarriedOut(slot);\n            return;", "            return;"),
        new("A stopped request's flush goes on", Stop, "        StopJoined(request);\n", ""),
        new("Data follows a preflush that counts for nothing", Flush, "        if (leg.Remaining > 0 && IsDoubtful(leg))", "        if (leg.Start < 0)"),
        new("The failure of an abandoned flush is forgotten", Flush, "if (failed && _chunks[index].Flushes)", "if (failed && index < 0)", "UnitTests.Engine.AbandonedRequestTests.AnAbandonedFlush_ThatFailsInTheEnd_LeavesADoubt"),
        new("Durability is promised while there is a doubt", RegionRules, "PromisesDurability(operation, flags) && device.IsInDoubt", "PromisesDurability(operation, flags) && device.Size < 0"),
        new("A stopped request tells the device's error", Dispatch, "if (decision.Action != RetryAction.Done && request", "if (decision.Action is RetryAction.Retry or RetryAction.Continue && request"),
        new("A chunk's place is given back twice", Dispatch, "_free.Prepend(index);", "_free.Prepend(index); _free.Append(index);"),
        new("A chunk that waits for its time is forgotten", Dispatch, "                _delayed.Append(chunk);", "                ;"),
        new("Zeroes are not written where the device has none", Dispatch, "case RetryAction.Fail when chunk->Kind == ChunkKind.Zeroes &&", "case RetryAction.Fail when chunk->Kind == ChunkKind.Flush &&"),
        new("A FUA write of several pieces is not flushed", Dispatch, "        if (request.FlushesLast && request.", "        if (request.FlushesLast && index < 0 && request."),
        new("A FUA write of several pieces is flushed before its last", Durability, "--leg.Unfinished != 0 || leg.Remaining > 0)", "leg.Remaining > 0)"),
        new("A FUA write of several pieces is not flushed when one has failed", Durability, "        if (_stopCause != IoFailureCause.None)\n            return false;\n        leg.Offset", "        if ((_failed & (1ul << region)) != 0)\n            return false;\n        leg.Offset"),
        new("A FUA write that was stopped before its flush seems durable", Stop, "            if (leg.FlushesLast)\n                request.Fail(", "            if (leg.Start < 0)\n                request.Fail("),
        new("Data does not wait for its preflush", Cut, "                    return false;\n                continue;", "                    return false;"),
        new("Chunks are cut inside blocks", Cut, "long length = RoundDown(whole, block);", "long length = whole;"),
        new("Bounce memory of a refused entry is lost", Cut, "_bounce.Return(chunk->Bounce, request.Buffer, copyBack: false);", ";"),
        new("A discard's entry is read again when its place is another's", "Engine/EntryWriter.cs", ", EntryFlags: IoUring.IOSQE_ASYNC", ""),
        new("Vectors are overwritten before the kernel has them", Fill, "        _vectorsUsed += (int)count;\n", ""),
        new("A cancelled request ends while the kernel has its buffer", Stop, "                chunk->MustCancel = true;\n                _toCancel++;", "                End(i, 0);"),
        new("A stopped stable copy waits for the kernel", Stop, "request.Pending > 1 && request.OwnsMemory", "request.Pending < 0"),
        new("A stopped request leaves the caller's buffer to the kernel", Stop, "request.Pending > 1 && request.OwnsMemory", "request.Pending > 1"),
        new("An abandoned copy's pages are rented out again under the kernel", Stop, "        holder.TakeResourcesOf(request);\n", ""),
        new("An abandoned copy's pages never come back", Stop, "        holder.Release(Devices);\n", "", "UnitTests.Engine.AbandonedRequestTests.AStuckStableCopy_EndsWhenStopped_ItsPagesComeBackLater"),
        new("What is abandoned seems done", Stop, "            request.Fail(chunk->Region, chunk->Offset / IoRegion.SectorSize, errno, request.StopCause);\n", ""),
        new("A stopped request ends twice where it waits in the queue", Stop, "            LeaveQueue(request);", "            { }"),
        new("Cancels have no bound", Stop, "_toCancel > 0 && _cancelsUnderWay < MaxCancels", "_toCancel > 0"),
        new("A short scattered transfer goes on from its beginning", Dispatch, "        request.Buffer.Advance(ref at, bytes);", ""),
        new("A run's end is not crossed", Buffer, "while (bytes >= cursor.Left)", "while (bytes > cursor.Left)"),
        new("The offset into the first page is ignored", Buffer, "_pages.CursorAt(offset + _firstOffset)", "_pages.CursorAt(offset)"),
        new("A registration outlives its pages", Fixed, "            if (_registered[slot] != 0 && _registered[slot] != table[slot].RegisteredGeneration && _ring.RegisterBuffer(slot, null, 0) >= 0)\n                _registered[slot] = 0;", "            if (_registered[slot] != 0)\n                _registered[slot] = table[slot].RegisteredGeneration;"),
        new("A shared registration outlives its pages", Registry, "            if (_registered[slot] == generation)", "            if (_registered[slot] != 0 && generation != 0)\n                _registered[slot] = generation;\n            if (_registered[slot] == generation)"),
        new("A clone is not renewed when an extent changes", Fixed, "        if (answer >= 0)\n            answer = _ring.CloneBuffers(registry.Descriptor);", "        if (answer >= 0 && _cloneErrno != 0)\n            answer = _ring.CloneBuffers(registry.Descriptor);"),
        new("A ring keeps its old clone while the new extent is pinned", Fixed, "            answer = _ring.CloneBuffers(registry.Descriptor);\n            if (answer >= 0)\n                registry.Fill();", "            registry.Fill();", "UnitTests.Engine.SharedPinsUnderALimitTests.AnExtentInPlaceOfAnother_IsPinnedWhenTheOldOneIsNot"),
        new("What was refused to one ring is refused to all", Registry, "            pool.RenewVersion();\n", "", "UnitTests.Engine.SharedPinsUnderALimitTests.WhatIsRefusedToOneRing_IsRegisteredForBoth_WhenTheOtherHasDroppedItsClone"),
        new("A ring that found the registry busy is not told", Registry, "            mustWake |= _lock.Exit();", "            _lock.Exit();", "UnitTests.Engine.SharedPinsUnderALimitTests.WhileARingPins_AnotherUsesItsPagesUnregistered_AndIsWokenForItsClone"),
        new("A fast start goes past the device's end", Admission, "            && (ulong)(offset + size) <= (ulong)geometry.Size\n", ""),
        new("A fast start ignores the buffer's offset", Admission, "byte* start = memory + at;", "byte* start = memory;"),
        new("A fast start does not know of blocks", Admission, "((offset | size) & (geometry.LogicalBlockSize - 1)) == 0", "size > 0"),
        new("A fast start ignores the memory's alignment", Admission, "            && ((nint)start & (geometry.MemoryAlignment - 1)) == 0\n", ""),
        new("Pieces that are no whole blocks travel as they are", Request, "geometry.MemoryAlignment, geometry.SegmentAlignment)", "geometry.MemoryAlignment, geometry.MemoryAlignment)"),
        new("Registered pages are cut inside blocks", Fixed, "if (((nint)memory & mask) == 0 && TryFindRegistered", "if (TryFindRegistered"),
        new("An atomic write is split like any other", Request, "            leg.IsWhole = RegionRules.IsWhole(Operation, region, flags);", "            { }"),
        new("An atomic write travels as registered memory", Fill, "if (_hasTable && !request.IsAtomic)", "if (_hasTable)"),
        new("A fast start writes to what is read-only", Admission, "(operation == IoOperation.Write && !geometry.IsReadOnly)", "operation == IoOperation.Write"),
        new("A fast start takes places that nobody has", Start, "chunks <= _owners.Length - InFlight && ", ""),
        new("A fast start takes entries that nobody has", Start, " && chunks <= _ring.Room", ""),
        new("A fast start of several regions ends with the first", Request, "        Pending = chunks;", "        Pending = 1;"),
        new("A fast start forgets the place's generation", Start, "UserData(chunk, index));", "(uint)index);"),
        new("A fast start names a registered file by nothing", Start, "EntryWriter.WriteRun(entry, kind, held.EntryFlags, ", "EntryWriter.WriteRun(entry, kind, 0, "),
        new("A fast start forgets the flags for the next try", Chunk, " | ((ulong)entryFlags << 16)", ""),
        new("A fast start knows no region but the first", Chunk, " | ((ulong)(uint)region << 8)", ""),
        new("A fast start seems to travel through the engine's pages", Chunk, " | ((ulong)NoBounce << 32)", ""),
        new("A fast start knows no time limit", Engine, "settings is { FreeRequests: not null, HoldsDevices: true, TimeLimit: 0 }", "settings is { FreeRequests: not null, HoldsDevices: true }"),
        new("A chunk that went straight leaves its device counted", Devices, "        held.UnderWay--;\n        held.Counters", "        held.Counters"),
        new("A short transfer's bytes do not count", Dispatch, "            Count(chunk, request, decision.Advance);\n", "", "DeviceTests.Client.DeviceStatisticsTests.CountEachRegionAndItsBytesOnce"),
        new("A device's count ends with the engine that held it", "Telemetry/DeviceCounterSet.cs", "            ended.AddTo(sum);\n", "", "DeviceTests.Client.DeviceStatisticsTests.OfADeviceThatManyClientsHaveUsed_StayAfterTheirEnd"),
        new("A request that was refused on a lost ring counts twice", "Engine/IoEngine.Counting.cs", "        if (request.WillBeRepeated)\n            return;\n", "", "DeviceTests.Client.SyncWayTests.WhoseRingIsLost_IsDoneAllTheSame"),
        new("A chunk gives back the device of the one before it", Cut, "        chunk->Slot = DeviceTable.NoSlot;\n", ""),
        new("A failed request of the fast path leaves its bits to the next", Completion, "            _isReset = false;\n", ""),
        new("A request keeps bits from the life before", Request, "        _failed = 0;\n        _unsupported = 0;\n", ""),
        new("A request keeps flags from the life before", Request, "        TransferFlags = 0;\n", ""),
        new("A request at hand is taken twice", Spares, "        _first = request.NextFree;\n", ""),
        new("Requests at hand never go back to their pool", Spares, "        if (!keepsAll && _first >= 0)\n            ReturnAll();", ""),
        new("A device is let go of while requests are under way on it", Devices, "            if (_slots[i].UnderWay == 0)", "            if (_slots[i].UnderWay >= 0)"),
        new("A disposed device is never let go of", Devices, "            if (_slots[i].UnderWay == 0)", "            if (_slots[i].UnderWay < 0)"),
        new("A leg that has ended is counted for ever", Devices, "=> _slots[slot].UnderWay--;", "=> _ = slot;"),
        new("A leg's own reference is kept beside the slot's", Devices, "        _slots[slot].UnderWay++;\n        device.Release();", "        _slots[slot].UnderWay++;"),
        new("A leg's own reference is given back without a slot", Devices, "            return NoSlot;\n        _slots[slot].UnderWay++;\n        device.Release();", "        {\n            device.Release();\n            return NoSlot;\n        }\n\n        _slots[slot].UnderWay++;\n        device.Release();"),
        new("A file is let go of and stays known to the ring", Devices, "            _ = _register!(slot, -1);", "            { }"),
        new("A file that the ring knows is named by its descriptor", Devices, "File = isKnown ? slot : descriptor;", "File = descriptor;"),
        new("A file that the ring refused is named by its slot", Devices, "File = isKnown ? slot : descriptor;", "File = slot;"),
        new("A reserve that fails keeps what it promised", Growth, "            _promised = 0;\n            released", "            released", "UnitTests.Memory.ReserveFailureTests.Growing_FailsAtAStep_NothingHasChanged"),
        new("A reserve that fails unmaps nothing", Growth, "                _source.Unmap(mapping);", "                { }", "UnitTests.Memory.ReserveFailureTests.Growing_FailsAtAStep_NothingHasChanged"),
        new("A reserve that fails keeps its requests", Growth, "            participant?.RollBack(requests);", "            { }", "UnitTests.Memory.ReserveFailureTests.Growing_FailsAtAStep_NothingHasChanged"),
        new("A reserve counts before its table is made", Growth, "                ExtentTable table = extents.Length > 0 ? TableWith(extents) : _table;", "                _reserved += pages; ExtentTable table = extents.Length > 0 ? TableWith(extents) : _table; _reserved -= pages;", "UnitTests.Memory.ReserveFailureTests.Growing_FailsAtAStep_NothingHasChanged"),
        new("Memory leaves the pool before its table is", Memory, "        if (released is null || TableWithout(released) is not { } table)\n            return null;", "        if (released is null)\n            return null;\n        ExtentTable table = TableWithout(released) ?? _table;", "UnitTests.Memory.ReserveFailureTests.Shrinking_WithoutMemoryForATable_GivesTheMemoryBackLater"),
        new("Rings are not told of memory that went back", Memory, "        Participant?.WakeRings();", "", "UnitTests.Memory.ReserveFailureTests.Shrinking_WithoutMemoryForATable_GivesTheMemoryBackLater"),
        new("An interrupt ends the wait for a lock", Lock, "UninterruptedWait.Run(_lock, static entered => entered.Enter());", "_lock.Enter();", InterruptedPools + "PagePool_DoesWhatItWasAskedFor_AndLosesNoPage"),
        new("An interrupt is lost in the wait for a lock", "Threading/UninterruptedWait.cs", "        if (interrupted)\n            Thread.CurrentThread.Interrupt();", "", InterruptedPools + "RequestPool_DoesWhatItWasAskedFor_AndLosesNoRequest"),
        new("A stable copy's wait is interrupted", "Submission/RequestSource.cs", "_pages.RentUninterrupted(pages)", "_pages.Rent(pages)", InterruptedLocks + "SynchronousStableCopy_WaitsForItsPages"),
        new("A request's return looks before it pushes", Pool, "        _stack.Push(request);\n\n        // Push before reading _waiting: a waiter increments _waiting before it looks at the stack, so one of the two sees the other.\n        if (Volatile.Read(ref _waiting) != 0)", "        bool any = Volatile.Read(ref _waiting) != 0;\n        Thread.Sleep(1); // So that what must not come in between does.\n        _stack.Push(request);\n        if (any)", "UnitTests.Engine.RequestReserveTests.ThreadThatBeginsToWaitDuringAReturn_IsServed"),
        new("A request that returns during a reserve is dropped", Pool, "if (_count <= _reserved + _promised)", "if (_count <= _reserved)", "UnitTests.Engine.RequestReserveTests.RequestThatReturnsDuringAReserve_IsNotDropped"),
        new("The head of the requests has no tag", "Engine/RequestStack.cs", "(((old >> 32) + 1) << 32) | index", "index", "UnitTests.Engine.RequestReserveTests.HeadThatWasTakenAndReturned_IsAnotherWord"),
        new("A forked child has the pool", HostMemory, "        _ = Libc.Madvise(start, (nuint)bytes, FileAbi.MADV_DONTFORK);\n        return start;", "        return start;", "UnitTests.Rings.InheritedTests.Pool_IsNotInAForkedChild"),
        new("A forked child has the ring", "Rings/KernelRingHandle.cs", "        _ = Libc.Madvise(address, length, FileAbi.MADV_DONTFORK);", "", "UnitTests.Rings.InheritedTests.Ring_IsClosedOnExec_AndNotInAForkedChild"),
        new("A started program has the device", "Devices/DeviceOpening.cs", "int flags = FileAbi.O_CLOEXEC;", "int flags = 0;", "UnitTests.Rings.InheritedTests.Device_IsClosedOnExec"),
        new("A started program has the lane's event", "Rings/WakeEvent.cs", "FileAbi.EFD_CLOEXEC | FileAbi.EFD_NONBLOCK", "FileAbi.EFD_NONBLOCK", "UnitTests.Rings.InheritedTests.WakeEvent_IsClosedOnExec"),
        new("The collector is told of native memory", "Memory/IoMemory.cs", "        Length = length;\n    }", "        Length = length;\n        GC.AddMemoryPressure(length);\n    }", "UnitTests.Values.IoMemoryTests.LargeAllocations_MakeNoCollections"),
        new("FUA is lost where one system call serves", "Drivers/DirectTransfer.cs", "Libc.Pwritev2(descriptor, &vector, 1, offset, flags)", "Libc.Pwritev2(descriptor, &vector, 1, offset, 0)", "DeviceTests.Faults.FlushFaultTests.Fua_OfOneRegion_IsDurableWhenItHasEnded"),
        new("The time limit is ten times what was asked for", Stop, "_ring.Now + _timeLimit;", "_ring.Now + (10 * _timeLimit);", "UnitTests.Engine.StopTests.TimeLimit_IsWhatWasAskedFor"),
        new("A priority that the host refuses is the device's failure", Dispatch, "IsPriorityRefused(decision, request) ? IoFailureCause.Host : decision.Cause", "decision.Cause", "DeviceTests.Faults.UnprivilegedTests.WithoutThePriority_ARequestFailsForTheHost_InEveryWay"),
        new("What the kernel can start no worker for fails", Dispatch, "            case RetryAction.Retry when result == -Errno.ECANCELED && chunk->Attempts > MaxAttemptsInRing:\n                ExecuteBySystemCall(index);\n", "            case RetryAction.Retry when result == -Errno.ECANCELED && chunk->Attempts > MaxAttemptsInRing:\n                Fail(index, decision.Errno, IoFailureCause.Host);\n", "UnitTests.Engine.HostRefusalTests.CancelledUnaskedAgainAndAgain_ItIsDoneWithoutTheRing"),
        new("A lost polled ring keeps its companion", "Rings/PolledRing.cs", "        _companion.Abandon(teardowns);\n", "", "UnitTests.Engine.PolledRingTests.ALostRing_TakesItsCompanionWithIt"),
        new("Any thread may use a reactor", "IoReactor.Submit.cs", "if (notify is null || _owner != Thread.CurrentThread || _disposed)", "if (notify is null || _disposed)", "DeviceTests.Reactor.ReactorOwnerTests.AnotherThread_IsRefused_WithBothThreadsNumbers_AndTheOwnerGoesOn"),
        new("A lane looks before it announces its sleep", "Drivers/Lane.cs", "            bool announced = !_engine.MustPoll && _inbox.TrySleep();\n            bool asked = HandleCancelsAndQueries();", "            bool asked = HandleCancelsAndQueries();\n            Thread.Sleep(1);\n            bool announced = !_engine.MustPoll && _inbox.TrySleep();", "UnitTests.Drivers.LaneSleepTests.WhateverIsAskedOfALane_IsAnswered_HoweverNearItIsToSleep"),
        new("The eventfd's poll is not armed again", Dispatch, "        _wakeIsArmed = false;", "        ;", "UnitTests.Engine.FastStartTests.TheEventfdsPoll_IsArmedAgain_WheneverTheKernelHasEndedIt"),
        new("A fast start does not look at the pool", Start, "        RefreshRegistrations();\n", "", "UnitTests.Engine.FastStartTests.TheFirstRequestAfterAReservation_TravelsAsARegisteredBuffer"),
        new("A busy ring stays open after dispose", "Drivers/SyncRing.cs", "            Interlocked.CompareExchange(ref _state, BusyAndClosing, Busy);", "            { }", "UnitTests.Drivers.SyncRingsTests.RequestThatEndsAfterDispose_IsStillCounted"),
        new("A fast start of no regions is taken", Admission, "        if ((uint)(regions.Length - 1) >= IoRegion.MaxRegions)\n            return false;", "        if (regions.Length > IoRegion.MaxRegions)\n            return false;", "UnitTests.Client.AdmissionRulesTests.TheFastPath_TakesOneTo64Regions"),
        new("A batch waits for pages that it has itself", "Submission/ClientSubmission.cs", "                HandOver(lane, ref batch);\n            }", "            }", "DeviceTests.Client.AdmissionTests.ABatchThatNeedsMorePagesThanAreReserved_EndsAsOneByOne"),
        new("What is thrown out of a continuation is told to nobody", Completion, "            reporter.Report(exception);\n        }\n    }\n\n    [MethodImpl(MethodImplOptions.NoInlining)]\n    private void Notify", "            _ = exception;\n        }\n    }\n\n    [MethodImpl(MethodImplOptions.NoInlining)]\n    private void Notify", "DeviceTests.Client.AdmissionTests.AnInlineContinuationThatThrows_IsReportedLikeACallback"),
        new("A refused request stays linked to another's", "Drivers/Inbox.cs", "        oldest.Next = null;\n        return Delivery.Refused;", "        return Delivery.Refused;", "UnitTests.Drivers.InboxTests.Deliver_RefusedAfterAFailedAttempt_LeavesNoLinkToAnotherRequest"),
        new("A wait for a task needs the thread pool", "Threading/UninterruptedWait.cs", "return task.Wait(limit);", "return Task.WhenAny(task).Wait(limit);", "DeviceTests.Client.FullThreadPoolTests.WithoutAThreadOfThePool_EveryOperationEnds_AndEveryDisposeReturns"),
        new("Disposed memory takes new requests", "Engine/SharedPins.cs", "pin.Memory != memory || memory.IsDisposed", "pin.Memory != memory", "UnitTests.Engine.SharedPinsTests.DisposedMemory_StaysForItsRequests_AndTakesNoMore"),
        new("The first request that ends unpins for all", "Engine/SharedPins.cs", "if (--pin.Requests == 0)", "if (pin.Requests-- > 0)", "UnitTests.Engine.SharedPinsTests.RequestsWithTheSameMemory_ShareOnePin"),
        new("Where an extent was found last outlives the table", Fixed, "        _lastLength = 0;\n", "", "UnitTests.Engine.RegisteredPagesTests.ExtentAtAnAddressThatWasInAnotherSlot_TravelsByItsOwn"),
        new("An array's report outlives its request", "Engine/RequestMemory.cs", "            _pinned = PinKind.Array;", "            _pinned = PinKind.FastArray;", "UnitTests.Engine.RequestMemoryTests.ReportOfAnArraysRequest_IsForgottenAtItsEnd"),
        new("A callback's dispose waits for other clients", "DmIoClient.Dispose.cs", "        if (CallbackThread.IsInCallback)\n            return;", "        if (false)\n            return;", "DeviceTests.Client.AdmissionTests.CallbacksThatDisposeEachOthersClients_DoNotWait"),
        new("A callback on the thread pool holds up the others", "Engine/CallbackHandOver.cs", "        if (!_ready.IsEmpty)\n            AskForThread();\n        bool before", "        bool before", "DeviceTests.Client.PoolCallbackTests.CallbacksThatBlock_HoldUpNoOther"),
        new("A file that can't have its length is left behind", "Devices/BlockDevice.cs", "            if (created)\n                File.Delete(path);", "            ", "DeviceTests.Devices.FileOptionsTests.WithoutSpace_ANewFileIsRemoved_AndOneThatExistedStays"),
        new("A device gets more than its queue takes", "Engine/IoEngine.Waiting.cs", "Devices!.HasRoom(slot, 1) && (_waitingCount", "true && (_waitingCount"),
        new("Who waits for a device is not served", "Engine/IoEngine.Waiting.cs", "            _mayHaveRoom[slot / 64] |= 1ul << (slot % 64);", "            { }"),
        new("A request overtakes who waits for its device", "Engine/IoEngine.Waiting.cs", "slot == _servedSlot || _waiting[slot].First is null", "true", "UnitTests.Engine.DeviceQueueTests.ANewRequest_DoesNotOvertakeWhatWaits"),
        new("The fast path does not look at the device's queue", Start, " || !HasRoomForFast(regions)", "", "UnitTests.Engine.DeviceQueueTests.TheFastPath_DoesNotOvertakeWhatWaits_NorFillTheQueueMore"),
        new("A stuck device may have all places", "Engine/IoEngine.cs", "Math.Max(1, ring.AtOnce - (ring.AtOnce / 4))", "int.MaxValue", "UnitTests.Engine.DeviceQueueTests.AStuckDevice_WithoutALimit_LeavesAQuarterOfThePlaces"),
        new("What waits for a device is not stopped", Stop, "        if (!_queue.TryRemove(request))\n            StopWaiting(request);", "        _queue.TryRemove(request);"),
        new("What waits for a device outlives a lost ring", "Engine/IoEngine.Lost.cs", "        RequeueWaiting();\n", "", "UnitTests.Engine.DeviceQueueTests.WhenTheRingIsLost_WhatWaits_Ends"),
        new("Devices that have room are passed over", "Engine/IoEngine.Waiting.cs", "(first + i)", "(_servedLast + 1 + i)", "UnitTests.Engine.DeviceQueueTests.DevicesThatHaveRoomAtTheSameTime_AreServedInOneTurn"),
        new("Waits that are awake in vain have no limit", Awake, "            _credit -= took;", "            { }", "UnitTests.Drivers.AwakeWaitTests.TheTimeInVain_IsAShareOfAll"),
        new("Waits that do not pay are tried again at once", Awake, "        _sleeps = _nextSleeps;", "        { }", "UnitTests.Drivers.AwakeWaitTests.InVainAgainAndAgain_TheNextSleep_TwiceAsManyEachTime"),
        new("A wait is awake on the only processor", Awake, "options.WaitPolicy == IoWaitPolicy.Adaptive && processors == 1", "false", "UnitTests.Drivers.AwakeWaitTests.OnOneProcessor_Adaptive_Sleeps"),
        new("A poll that is awake has no time limit", "IoReactor.cs", "(left < 0 || left >= _options.SpinLimit.TotalNanoseconds) && wait.Run(_engine, wake: _wake)", "wait.Run(_engine, wake: _wake)", "DeviceTests.Client.WaitPolicyTests.APollThatIsAwake_KeepsItsTimeLimit"),
        new("Two ways are compared once", "Threading/WayComparison.cs", "        _use = -_interval;", "        _use = int.MinValue;", "UnitTests.Threading.WayComparisonTests.WhatHasChanged_IsFoundOut"),
        new("A driver that copies whole pages gets any memory", "Devices/DeviceGeometry.cs", "rule == SegmentRule.WholePages || mayOverrun ? whole", "false ? whole", "UnitTests.Engine.SegmentRuleTests.ADriverThatCopiesWholePages_GetsMemoryAtWholeBlocks"),
        new("A lost ring fails a transfer that a system call can do", Client, "return result.First.Cause != IoFailureCause.RingLost;", "return true;", "DeviceTests.Client.SyncWayTests.WhoseRingIsLost_IsDoneAllTheSame"),
        new("A thread that gets no ring asks for one each time", Client, "            _transfers = 0;", "            ;", "DeviceTests.Client.SyncWayTests.AThreadThatGetsNoRing_DoesNotTryEachTime"),
        new("A cancelled transfer is made inline", Inline, " || request.StopCause != IoFailureCause.None)", ")", "UnitTests.Engine.InlineTransferTests.WhatIsCancelledBeforeItsTurn_IsNotDone"),
        new("While inline transfers wait, the ring is not entered", Awake, "            if (engine.HasInlineTransfers)", "            if (engine.IsIdle)", "UnitTests.Engine.InlineTransferTests.WhileSomeAreToBeMade_TheRingIsEntered"),
        new("A device whose calls sleep keeps its inline transfers", Inline, "            Devices!.PauseInline(slot);", "            { }", "UnitTests.Engine.InlineTransferTests.ADeviceWhoseCallsSleep_UsesTheRing_AndIsTriedAgainLater"),
        new("A region's chunks go two ways", Inline, "        if (leg.Offset == leg.Start)", "        if (leg.Offset >= leg.Start)", "UnitTests.Engine.InlineTransferTests.ARegionsChunks_AllGoTheSameWay"),
        new("An inline transfer is made with the flags of a ring", Aside, "        entry->flags = 0;", "        ;", "UnitTests.Engine.InlineTransferTests.AShortRegion_IsTransferredByTheOwner"),
        new("An inline transfer is made in spite of a time limit", Inline, " && _timeLimit == 0", "", "UnitTests.Engine.InlineTransferTests.WithATimeLimit_AllAreLeftToWorkers"),
        new("All of a queue is transferred inline", Inline, "Devices![slot].Chunks == 0 && ", "", "UnitTests.Engine.InlineTransferTests.OfManyAtOnce_AllButTheFirstAreLeftToWorkers"),
        new("A buffer that goes beyond registered memory is taken for registered", "Engine/IoEngine.Fixed.cs", "? start + length <= _lastStart + _lastLength :", "? true :", "DeviceTests.Client.RegisteredMemoryTests.WhereverTheBufferLies_TheBytesAreRight"),
        new("Memory stays in the table when its registration has ended", "Memory/PagePool.Register.cs", "all[slot] = new ExtentSlot(null, 0, _generations[slot] + 1);", "{ }", "DeviceTests.Client.RegisteredMemoryTests.MemoryWithOtherPages_AfterItsRegistrationHasEnded_IsSeen"),
        new("A file's odd end is no success", "Engine/Request.cs", "        && result >= chunk->Length - (_oddEnd & (IoRegion.SectorSize - 1));", "        && false;", "DeviceTests.Client.OddEndTests.BufferedRead_GivesTheOddEnd_AndZeroesAfterIt"),
        new("Every short end of a file is a success", "Engine/Request.cs", "        && result >= chunk->Length - (_oddEnd & (IoRegion.SectorSize - 1));", "        ;", "DeviceTests.Client.OddEndTests.FileThatWasShortenedMeanwhile_EndsEarly_AndItsOldEndDoesNotCount"),
        new("A failed request is told bytes", "Engine/Request.Completion.cs", "long bytes = result.IsSuccess ? _bytes : 0;", "long bytes = _bytes;", "DeviceTests.Client.CompletedCallbackTests.FailedRequest_IsToldNoBytes_AndItsTag"),
    ];

    /// <summary>
    /// Those that are tried: all, or the part that DMIO_MUTATIONS names ("2/3": the second third), for a run that must not take long and is
    /// followed by others.
    /// </summary>
    public static IEnumerable<Mutation> Tried
    {
        get
        {
            (int number, int parts) = Part;
            return All.Where((_, index) => index % parts == number - 1);
        }
    }

    /// <summary>What DMIO_MUTATIONS says.</summary>
    public static (int Number, int Parts) Part
    {
        get
        {
            string[] part = (Environment.GetEnvironmentVariable("DMIO_MUTATIONS") ?? "1/1").Split('/');
            return (int.Parse(part[0], CultureInfo.InvariantCulture), int.Parse(part[1], CultureInfo.InvariantCulture));
        }
    }
}
