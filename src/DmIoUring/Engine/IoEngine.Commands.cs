using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DmIoUring.Devices;
using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Engine;

/// <content>Chunks that are commands to NVMe namespaces.</content>
/// <remarks>
/// A worker ring executes them by ioctl. io_uring needs entries of 128 bytes for them, so the engine makes a second ring with such entries when the
/// first command is issued, and watches its descriptor with the first ring.
/// </remarks>
internal sealed unsafe partial class IoEngine<TRing>
{
    /// <summary>Added to the chunk index in the <c>user_data</c> of a command: its result is read differently.</summary>
    private const uint CommandIndexBase = 1u << 30;

    private readonly Queue<(int Chunk, uint Generation)> _refusedCommands = [];
    private NvmePassthruCmd64* _commands;
    private byte* _ranges;
    private CommandRing? _commandRing;
    private bool _commandPollIsArmed;
    private int _commandErrno;
    private long _nextCommandRing;

    private bool HasCommandResults => _refusedCommands.Count > 0 || _commandRing is { HasCompletions: true };

    /// <summary>The <c>user_data</c> of a command; see <see cref="UserData"/>.</summary>
    private static ulong CommandData(Chunk* chunk, int index) => UserData(chunk, index) | CommandIndexBase;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryFillCommand(int index, Request request)
    {
        Chunk* chunk = &_chunks[index];
        NvmeNamespace target = DeviceOf(chunk, request).Namespace!;
        if (_commands is null)
        {
            _commands = (NvmePassthruCmd64*)NativeMemory.AllocZeroed((nuint)_owners.Length, (nuint)sizeof(NvmePassthruCmd64));
            _ranges = (byte*)NativeMemory.AllocZeroed((nuint)_owners.Length, NvmeCommand.RangeBytes);
        }

        NvmePassthruCmd64* command = &_commands[index];
        NvmeCommand.Of(chunk, target, _ranges + (index * NvmeCommand.RangeBytes), request.TransferFlags).Write(command, target.Id);
        if (_ring.CommandCalls is not { } calls)
        {
            IoUringSqe* entry = NextEntry(EntryRoute.Command);
            if (entry is null)
                return false;
            EntryWriter.WriteCommand(entry, chunk->File, command, CommandData(chunk, index));
        }
        else if (TryMakeCommandRing(calls))
        {
            if (!_commandRing!.TryAdd(chunk->File, (NvmeUringCmd*)command, CommandData(chunk, index)))
                return false;
        }
        else
        {
            _refusedCommands.Enqueue((index, chunk->Generation));
        }

        if (chunk->Kind == ChunkKind.Flush)
            Counters.Flushes++;
        Filled(chunk, needsWorker: false);
        return true;
    }

    private bool TryMakeCommandRing(RingCalls calls)
    {
        if (_commandRing is not null)
            return true;
        if (_commandErrno != 0 && (_commandErrno == Errno.EOPNOTSUPP || _ring.Now < _nextCommandRing))
            return false;
        try
        {
            _commandRing = CommandRing.Create(_owners.Length, calls);
            _commandErrno = 0;
            return true;
        }
        catch (IoUringUnavailableException refusal)
        {
            // EINVAL is a kernel without such entries (before 5.19). Any other errno may be temporary.
            _commandErrno = refusal.Errno is 0 or Errno.EINVAL ? Errno.EOPNOTSUPP : refusal.Errno;
            _nextCommandRing = _ring.Now + RenewalPause;
            return false;
        }
    }

    /// <summary>Submits commands, and watches their ring so that a completion ends the sleep in the first ring.</summary>
    /// <returns>Whether the command ring works; otherwise all of the engine's rings are lost.</returns>
    private bool TryIssueCommands()
    {
        if (_commandRing is not { UnderWay: > 0 } commands)
            return true;
        int result = commands.Enter();
        if (result < 0)
        {
            MarkRingLost(-result);
            return false;
        }

        if (_commandPollIsArmed)
            return true;
        IoUringSqe* entry = NextEntry(EntryRoute.NoPoll);
        if (entry is null)
            return true;
        EntryWriter.WriteSinglePoll(entry, commands.Descriptor, CommandToken);
        _commandPollIsArmed = true;
        return true;
    }

    /// <summary>The poll of the command ring has completed.</summary>
    private void CommandPollCompleted(int result)
    {
        _commandPollIsArmed = false;
        if (result < 0)
            MarkRingLost(-result);
    }

    /// <summary>Closes the command ring together with the engine's first ring. Commands that were refused are retried with the others.</summary>
    private void AbandonCommands()
    {
        _refusedCommands.Clear();
        _commandPollIsArmed = false;
        _commandRing?.Abandon(_teardowns);
        _commandRing = null;
    }

    private int DispatchCommands()
    {
        int completions = 0;
        while (_refusedCommands.TryDequeue(out (int Chunk, uint Generation) refused))
        {
            completions++;
            RefuseCommand(refused.Chunk, refused.Generation);
        }

        while (_commandRing is not null && _commandRing.TryTake(out IoUringCqe completion))
        {
            completions++;
            CompleteCommand((int)((uint)completion.user_data - CommandIndexBase), (uint)(completion.user_data >> 32), completion.res);
        }

        return completions;
    }

    private void CompleteCommand(int index, uint generation, int result)
    {
        if (TryTakeBackCommand(index, generation))
            HandleCommandResult(index, result);
    }

    /// <summary>A command for which there is no ring: it was not sent to the drive.</summary>
    private void RefuseCommand(int index, uint generation)
    {
        if (!TryTakeBackCommand(index, generation))
            return;
        if (_chunks[index].Kind == ChunkKind.Abandoned)
            Reclaim(index, -Errno.ECANCELED);
        else if (_commandErrno == Errno.EOPNOTSUPP)
            FailCommand(index, IoFailureCause.NoPassThrough);
        else
            CompleteOtherwise(index, -_commandErrno);
    }

    private bool TryTakeBackCommand(int index, uint generation)
    {
        Chunk* chunk = &_chunks[index];
        if (chunk->Generation != generation)
        {
            Counters.Stale++;
            return false;
        }

        chunk->IsInKernel = false;
        _inKernel--;
        return true;
    }

    private void FailCommand(int index, IoFailureCause cause)
    {
        IoFailureCause stopped = _owners[index]!.StopCause;
        Fail(index, stopped == IoFailureCause.None ? Errno.EOPNOTSUPP : StopErrno(stopped), stopped == IoFailureCause.None ? cause : stopped);
    }

    /// <summary>Processes a command's result: 0, the drive's status, or a negated errno (nvme_uring_cmd_end_io, drivers/nvme/host/ioctl.c).</summary>
    private void HandleCommandResult(int index, int result)
    {
        Chunk* chunk = &_chunks[index];
        if (chunk->Kind == ChunkKind.Abandoned)
        {
            Reclaim(index, result > 0 ? -NvmeStatus.ErrnoOf(result) : result);
            return;
        }

        // The drive would answer with a status. io_uring_cmd, io_uring/uring_cmd.c: the device has no pass-through.
        if (result == -Errno.EOPNOTSUPP)
        {
            FailCommand(index, IoFailureCause.NoPassThrough);
            return;
        }

        Request request = _owners[index]!;
        if (result > 0 && NvmeStatus.MayRetry(result) && chunk->Attempts < NvmeStatus.MaxRetries && request.StopCause == IoFailureCause.None)
        {
            chunk->Attempts++;
            NoteRetry(chunk, request, NvmeStatus.ErrnoOf(result));
            Reissue(index, 0);
            return;
        }

        if (result > 0)
            result = -NvmeStatus.ErrnoOf(result);
        else if (result == 0 && chunk->Kind.Transfers())
            result = (int)NvmeCommand.BytesOf(chunk, DeviceOf(chunk, request).Namespace!);
        CompleteOtherwise(index, result);
    }

    private void DisposeCommands()
    {
        _commandRing?.Dispose();
        NativeMemory.Free(_commands);
        NativeMemory.Free(_ranges);
    }
}
