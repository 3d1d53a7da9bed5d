"""A Python training workflow that exports what it has trained.

The child is found by its name and task queue; nothing of the TypeScript package is needed here.

    pip install temporalio
    python parent.py request.json [--leave]
"""

import argparse
import asyncio
import json
import os
import sys
import uuid
from pathlib import Path
from typing import Any

from temporalio import workflow
from temporalio.client import Client
from temporalio.exceptions import ApplicationError, ChildWorkflowError
from temporalio.worker import Worker
from temporalio.workflow import ChildWorkflowCancellationType, ParentClosePolicy

MEGATRON_TO_HF = "megatronToHf"
MEGATRON_TO_HF_QUEUE = "megatron-to-hf"
TASK_QUEUE = "training-python"


@workflow.defn
class TrainAndExport:
    """Waits for the export. Cancelling this workflow cancels the export, and waits until its ranks are gone."""

    @workflow.run
    async def run(self, request: dict[str, Any]) -> dict[str, Any]:
        # ... train, save the checkpoint ...
        try:
            return await workflow.execute_child_workflow(
                MEGATRON_TO_HF,
                request,
                id=f"{workflow.info().workflow_id}/export",
                task_queue=MEGATRON_TO_HF_QUEUE,
                result_type=dict,
            )
        except ChildWorkflowError as error:
            # The types are API: see the table of failures in the README.
            if isinstance(error.cause, ApplicationError):
                workflow.logger.error("the export failed: %s %s", error.cause.type, error.cause.details)
            raise


@workflow.defn
class TrainAndLeave:
    """Starts the export and goes on without it.

    It needs both: without the close policy the server terminates the child when its parent ends, and without the
    cancellation type a cancelled parent cancels it.
    """

    @workflow.run
    async def run(self, request: dict[str, Any]) -> str:
        # ... train, save the checkpoint ...
        child = await workflow.start_child_workflow(
            MEGATRON_TO_HF,
            request,
            id=f"{workflow.info().workflow_id}/export",
            task_queue=MEGATRON_TO_HF_QUEUE,
            parent_close_policy=ParentClosePolicy.ABANDON,
            cancellation_type=ChildWorkflowCancellationType.ABANDON,
        )
        # ... train on ...
        return child.id


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("request", type=Path, help="JSON file with the parameters of the conversion")
    parser.add_argument("--leave", action="store_true", help="do not wait for the export")
    arguments = parser.parse_args()

    client = await Client.connect(
        os.environ.get("TEMPORAL_ADDRESS", "localhost:7233"),
        namespace=os.environ.get("TEMPORAL_NAMESPACE", "default"),
    )
    async with Worker(client, task_queue=TASK_QUEUE, workflows=[TrainAndExport, TrainAndLeave]):
        result = await client.execute_workflow(
            "TrainAndLeave" if arguments.leave else "TrainAndExport",
            json.loads(arguments.request.read_text()),
            id=f"training-{uuid.uuid4()}",
            task_queue=TASK_QUEUE,
        )
    print(json.dumps(result))


# The sandbox of the Python SDK imports this module again.
if __name__ == "__main__":
    asyncio.run(main())
    # A thread of the SDK that outlives the interpreter aborts the process (temporalio/sdk-python#300): skip the teardown.
    sys.stdout.flush()
    os._exit(0)
