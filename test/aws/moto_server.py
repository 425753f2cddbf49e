"""moto's server, with the resource types that its CloudFormation lacks and the stacks use.

Each missing type is handed, property by property, to moto's own service of that name through boto3, which checks
names and types of the parameters against AWS's published API on the way. What moto has no service for at all is
checked in the same way and not kept. One line per resource on standard output says what was done:

    served AWS::SNS::Subscription     made by moto's service
    checked AWS::EventSchemas::Schema   parameters checked only, moto has no such service

Called with the port to listen on.
"""

import json
import sys
import threading

import boto3
from botocore.stub import Stubber
from moto.cloudformation import parsing
from moto.cloudformation.custom_model import CustomModel
from moto.core.common_models import CloudFormationModel
from moto.kms.models import Key
from moto.s3.models import FakeBucket
from moto.server import main

HOST = "127.0.0.1"
PORT = sys.argv[1]
# Resources are made one after another, as one stack's dependencies want it; what is printed must not mix.
printing = threading.Lock()
SKIPPED = object()


def client(service, region):
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=f"http://{HOST}:{PORT}",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def say(done, what):
    with printing:
        print(done, what, flush=True)


def checked(service, region, method, parameters):
    """Checks parameters against the API's model without calling anybody."""
    api = client(service, region)
    with Stubber(api) as stub:
        stub.add_response(method, {})
        getattr(api, method)(**parameters)


def document(value):
    return json.dumps(value)


def numbers(value, *names):
    return {key: (int(inner) if key in names else inner) for key, inner in value.items()}


def without(properties, *names):
    return {key: value for key, value in properties.items() if key not in names}


def subscription(region, properties):
    made = client("sns", region).subscribe(**properties, ReturnSubscriptionArn=True)
    return made["SubscriptionArn"]


def topic_policy(region, properties):
    for topic in properties["Topics"]:
        client("sns", region).set_topic_attributes(
            TopicArn=topic, AttributeName="Policy", AttributeValue=document(properties["PolicyDocument"])
        )


def queue_policy(region, properties):
    for queue in properties["Queues"]:
        client("sqs", region).set_queue_attributes(
            QueueUrl=queue, Attributes={"Policy": document(properties["PolicyDocument"])}
        )


def bucket_policy(region, properties):
    # moto takes "denied without TLS" for "denied": over the command line's own bucket nothing could be deployed.
    if properties["Bucket"].startswith("cdk-"):
        return SKIPPED
    client("s3", region).put_bucket_policy(
        Bucket=properties["Bucket"], Policy=document(properties["PolicyDocument"])
    )


def secret(region, properties):
    return client("secretsmanager", region).create_secret(**properties)["ARN"]


def alarm(region, properties):
    client("cloudwatch", region).put_metric_alarm(
        **numbers(properties, "Period", "EvaluationPeriods", "DatapointsToAlarm", "Threshold")
    )
    found = client("cloudwatch", region).describe_alarms(AlarmNames=[properties["AlarmName"]])
    return properties["AlarmName"], {"Arn": found["MetricAlarms"][0]["AlarmArn"]}


def schedule_group(region, properties):
    client("scheduler", region).create_schedule_group(**properties)
    return properties["Name"]


def schedule(region, properties):
    client("scheduler", region).create_schedule(**properties)
    return properties["Name"]


def invoke_config(region, properties):
    client("lambda", region).put_function_event_invoke_config(**properties)


def schema(region, properties):
    checked(
        "schemas",
        region,
        "create_schema",
        # The template's tags are a list, the API's a map.
        without(properties, "Tags"),
    )


def query_definition(region, properties):
    checked(
        "logs",
        region,
        "put_query_definition",
        {
            "name": properties["Name"],
            "queryString": properties["QueryString"],
            "logGroupNames": properties["LogGroupNames"],
        },
    )


SERVED = {
    "AWS::SNS::Subscription": subscription,
    "AWS::SNS::TopicPolicy": topic_policy,
    "AWS::SQS::QueuePolicy": queue_policy,
    "AWS::S3::BucketPolicy": bucket_policy,
    "AWS::SecretsManager::Secret": secret,
    "AWS::CloudWatch::Alarm": alarm,
    "AWS::Scheduler::ScheduleGroup": schedule_group,
    "AWS::Scheduler::Schedule": schedule,
    "AWS::Lambda::EventInvokeConfig": invoke_config,
}
CHECKED = {
    "AWS::EventSchemas::Schema": schema,
    "AWS::Logs::QueryDefinition": query_definition,
}


def add(resource_type, make, done):
    """Adds a type to moto's CloudFormation; `make` returns what a reference to it gives, and attributes where others ask for them."""

    class Added(CloudFormationModel):
        # moto reads a service's name from the module that a type is defined in.
        __module__ = f"moto.{resource_type.split('::')[1].lower()}"

        def __init__(self, name, attributes):
            self.name = name
            self.attributes = attributes

        @property
        def physical_resource_id(self):
            return self.name

        @staticmethod
        def cloudformation_name_type():
            return ""

        @staticmethod
        def cloudformation_type():
            return resource_type

        @classmethod
        def has_cfn_attr(cls, attr):
            return True

        def get_cfn_attribute(self, attr):
            return self.attributes[attr]

        @classmethod
        def create_from_cloudformation_json(
            cls, resource_name, cloudformation_json, account_id, region_name, **kwargs
        ):
            made = make(region_name, cloudformation_json["Properties"])
            say("skipped" if made is SKIPPED else done, resource_type)
            name, attributes = made if isinstance(made, tuple) else (made, {})
            return cls(resource_name if name in (None, SKIPPED) else name, attributes)

    return Added


# moto collects its types by subclass: these must stay referenced.
added = [add(name, make, "served") for name, make in SERVED.items()]
added += [add(name, make, "checked") for name, make in CHECKED.items()]


def call_at_deployment(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
    """In place of the library's function, which moto could run in Docker only: makes the call that it would make."""
    properties = cloudformation_json["Properties"]
    made = cls(region_name, "request", kwargs["LogicalId"], resource_name)
    call = json.loads(properties["Create"])
    service = call["service"].lower()
    method = "".join("_" + c.lower() if c.isupper() else c for c in call["action"]).lstrip("_")
    if service == "schemas":
        checked(service, region_name, method, call["parameters"])
        say("checked", f"Custom::AWS {service}:{call['action']}")
    else:
        getattr(client(service, region_name), method)(**call["parameters"])
        say("served", f"Custom::AWS {service}:{call['action']}")
    made.set_data({})
    return made


CustomModel.create_from_cloudformation_json = classmethod(call_at_deployment)

make_key = Key.create_from_cloudformation_json.__func__


def key_with_tags(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
    """moto hands a key's tags on in the template's spelling and then looks for the API's."""
    properties = dict(cloudformation_json["Properties"])
    properties["Tags"] = [
        {"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in properties.get("Tags", [])
    ]
    return make_key(
        cls, resource_name, {**cloudformation_json, "Properties": properties}, account_id, region_name, **kwargs
    )


Key.create_from_cloudformation_json = classmethod(key_with_tags)

make_bucket = FakeBucket.create_from_cloudformation_json.__func__


def lifecycle_rule(rule):
    """A rule in the API's spelling."""
    spelt = {"ID": rule["Id"], "Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
    if "ExpirationInDays" in rule:
        spelt["Expiration"] = {"Days": rule["ExpirationInDays"]}
    for same in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if same in rule:
            spelt[same] = rule[same]
    return spelt


def bucket_with_all(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
    """moto makes a bucket with encryption and tags only; the rest is set as the template has it."""
    made = make_bucket(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs)
    properties = cloudformation_json.get("Properties", {})
    # The command line's own bucket is not what is proved here.
    if resource_name.startswith("cdk-"):
        return made
    s3 = client("s3", region_name)
    s3.put_bucket_versioning(
        Bucket=resource_name, VersioningConfiguration=properties["VersioningConfiguration"]
    )
    s3.put_public_access_block(
        Bucket=resource_name, PublicAccessBlockConfiguration=properties["PublicAccessBlockConfiguration"]
    )
    s3.put_bucket_lifecycle_configuration(
        Bucket=resource_name,
        LifecycleConfiguration={
            "Rules": [lifecycle_rule(rule) for rule in properties["LifecycleConfiguration"]["Rules"]]
        },
    )
    say("served", "AWS::S3::Bucket (versions, public access, lifecycle)")
    return made


FakeBucket.create_from_cloudformation_json = classmethod(bucket_with_all)

unsupported = parsing.resource_class_from_type


def tell_unsupported(resource_type):
    found = unsupported(resource_type)
    if found is None and resource_type != "AWS::CDK::Metadata":
        say("left-out", resource_type)
    return found


parsing.resource_class_from_type = tell_unsupported
main(["-H", HOST, "-p", PORT])
